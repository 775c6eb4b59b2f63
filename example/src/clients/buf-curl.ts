import { execFile } from "node:child_process";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Client } from "./client.js";

/**
 * `buf curl` from the PATH. It is written in Go and shares no code with the server.
 *
 * @param schema - a folder of protos, or an image from `buf build`.
 */
export function bufCurl(protocol: "connect" | "grpc" | "grpcweb", baseUrl: string, schema: string): Client {
  return {
    name: `buf curl ${protocol}`,
    call({ method, messages, token }) {
      const args = ["curl", "--protocol", protocol, "--http2-prior-knowledge", "--schema", schema];
      if (token !== undefined) args.push("-H", `authorization: Bearer ${token}`);
      args.push("-d", messages.map((message) => JSON.stringify(message)).join(" "));
      args.push(`${baseUrl}/${method.parent.typeName}/${method.name}`);
      return new Promise((resolve, reject) => {
        execFile("buf", args, { timeout: 20_000 }, (error, stdout, stderr) => {
          if (error === null) return resolve({ ok: true, messages: readDocuments(stdout) });
          // The exit code is the status code, shifted past buf's own exit codes.
          const exit = error.code;
          if (typeof exit === "number" && exit >= 8 && exit % 8 === 0) return resolve({ ok: false, code: exit / 8 });
          reject(new Error(`buf curl did not get to the server: ${stderr || error.message}`));
        });
      });
    },
    close() {},
  };
}

/** Splits the output of a stream into messages: indented JSON documents, one after the other. */
function readDocuments(output: string): JsonValue[] {
  return output
    .split(/^(?=\{)/m)
    .filter((document) => document.trim() !== "")
    .map((document) => JSON.parse(document) as JsonValue);
}
