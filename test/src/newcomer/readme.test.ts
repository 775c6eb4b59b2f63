import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DescMethod, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject, type Project } from "./project.js";
import { snippetsOf } from "./readme.js";

const snippets = snippetsOf(new URL("../../../README.md", import.meta.url));
const files = snippets.filter(({ file }) => file !== undefined && file !== "problems");
const generatedFile = "src/gen/greeter/v1/greeter_auth.ts";

let project: Project;
beforeAll(() => {
  project = createProject();
  for (const { file, text } of files) if (file !== generatedFile) project.write(file as string, text);
  project.write("package.json", '{ "type": "module" }');
  project.write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: "nodenext",
        target: "es2022",
        types: ["node"],
        rootDir: "src",
        outDir: "dist",
        isolatedDeclarations: false,
      },
      include: ["src"],
    }),
  );
}, 60_000);
afterAll(() => project.remove());

describe("the five steps of the README, in a folder outside the repository", () => {
  test("a mistake in the proto fails the build as the README shows, and nothing is written", () => {
    const annotated = snippets.find(({ file }) => file?.endsWith("greeter.proto"))?.text as string;
    project.write(
      "proto/greeter/v1/greeter.proto",
      annotated.replace("default_requires: {}", 'default_policy: "Deny"').replace('"admin"', '"admin "'),
    );
    const { status, output } = project.run("buf", "generate");
    project.write("proto/greeter/v1/greeter.proto", annotated);
    expect(status).not.toBe(0);
    const shown = snippets
      .find(({ file }) => file === "problems")
      ?.text.trim()
      .split("\n") as string[];
    for (const line of shown) expect(output).toContain(line);
    expect(existsSync(join(project.folder, "src/gen"))).toBe(false);
  });

  test("buf generate writes the table that the README shows", () => {
    expect(project.run("buf", "generate")).toEqual({ status: 0, output: expect.any(String) });
    const shown = snippets.find(({ file }) => file === generatedFile)?.text;
    expect(readFileSync(join(project.folder, generatedFile), "utf8")).toBe(shown);
    const messages = readFileSync(join(project.folder, "src/gen/greeter/v1/greeter_pb.ts"), "utf8");
    expect(messages).not.toMatch(/connectum|admin/);
  });

  test("the server compiles in strict mode", () => {
    expect(project.run("tsc", "-p", ".")).toEqual({ status: 0, output: "" });
  });

  describe("the server", () => {
    let issuer: Server;
    let server: ChildProcess;
    let baseUrl: string;
    let sign: (claims: Record<string, unknown>) => Promise<string>;
    let GreeterService: DescService;

    beforeAll(async () => {
      const { privateKey, publicKey } = await generateKeyPair("ES256");
      const keys = [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }];
      issuer = createServer((_, response) => response.end(JSON.stringify({ keys })));
      await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
      sign = (claims) =>
        new SignJWT({ sub: "ada", ...claims })
          .setProtectedHeader({ alg: "ES256", kid: "1" })
          .setIssuer("https://login.example.com")
          .setAudience("greeter")
          .setExpirationTime("5m")
          .sign(privateKey);
      const port = await freePort();
      baseUrl = `http://127.0.0.1:${port}`;
      server = spawn(process.execPath, ["dist/server.js"], {
        cwd: project.folder,
        env: {
          ...process.env,
          PORT: String(port),
          JWKS_URI: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`,
        },
        stdio: "inherit",
      });
      await listening(port);
      const generated = pathToFileURL(join(project.folder, "dist/gen/greeter/v1/greeter_pb.js")).href;
      ({ GreeterService } = (await import(generated)) as { GreeterService: DescService });
    }, 60_000);
    afterAll(() => {
      server.kill();
      issuer.closeAllConnections();
      issuer.close();
    });

    const transports = {
      connect: () => createConnectTransport({ baseUrl, httpVersion: "2" }),
      grpc: () => createGrpcTransport({ baseUrl }),
      "grpc-web": () => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
    };
    describe.each(Object.keys(transports) as (keyof typeof transports)[])("over %s", (protocol) => {
      test.each([
        { caller: "anonymous", claims: undefined, method: "hello", want: "ok" },
        { caller: "anonymous", claims: undefined, method: "whoAmI", want: Code.Unauthenticated },
        { caller: "ada", claims: {}, method: "whoAmI", want: "ok" },
        { caller: "anonymous", claims: undefined, method: "restart", want: Code.Unauthenticated },
        {
          caller: "wrong role",
          claims: { roles: ["guest"], scope: "greeter:write" },
          method: "restart",
          want: Code.PermissionDenied,
        },
        { caller: "missing scope", claims: { roles: ["admin"] }, method: "restart", want: Code.PermissionDenied },
        { caller: "right role", claims: { roles: ["admin"], scope: "greeter:write" }, method: "restart", want: "ok" },
      ])("$caller calls $method: $want", async ({ claims, method, want }) => {
        const desc = GreeterService.methods.filter(isUnary).find(({ localName }) => localName === method);
        if (desc === undefined) throw new Error(`${method} is not a unary method of the service`);
        const headers = claims === undefined ? {} : { authorization: `Bearer ${await sign(claims)}` };
        const got = await transports[protocol]()
          .unary(desc, undefined, undefined, headers, {})
          .then(
            ({ message }) => ("subject" in message && message.subject !== "ada" ? message : "ok"),
            (error) => ConnectError.from(error).code,
          );
        expect(got).toBe(want);
      });
    });
  });
});

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on port ${port}`);
}
