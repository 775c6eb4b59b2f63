import * as http2 from "node:http2";
import { connect } from "node:net";

/** Headers in the order and number in which they go onto the wire; each character of a value is one byte. */
export type RawHeader = readonly [name: string, value: string];

/** Text as a proxy writes it in UTF-8, one character for each byte. */
export const utf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

const path = "/lab.v1.EchoService/Unary";

/** One unary Connect call over HTTP/1.1, byte by byte. */
export function callHttp1(address: string | { readonly path: string }, headers: readonly RawHeader[]): Promise<string> {
  const lines = [
    `POST ${path} HTTP/1.1`,
    "host: lab",
    "connection: close",
    "content-type: application/json",
    "content-length: 2",
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    const socket =
      typeof address === "string" ? connect(Number(new URL(address).port), "127.0.0.1") : connect(address.path);
    const chunks: Buffer[] = [];
    socket.on("error", reject);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      resolve(answerOf(/\{.*\}/s.exec(text)?.[0] ?? text));
    });
    socket.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n{}`, "latin1"));
  });
}

/** One unary Connect call over HTTP/2 cleartext; a header of several values is several header fields. */
export function callHttp2(url: string, headers: readonly RawHeader[]): Promise<string> {
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of headers) {
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return new Promise((resolve, reject) => {
    const session = http2.connect(url);
    session.on("error", reject);
    const request = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/json",
      ...fields,
    });
    let text = "";
    request.setEncoding("utf8");
    request.on("error", reject);
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("close", () => {
      session.close();
      resolve(answerOf(text));
    });
    request.end("{}");
  });
}

function answerOf(body: string): string {
  const { subject, code } = JSON.parse(body) as { subject?: string; code?: string };
  return code ?? subject ?? "";
}
