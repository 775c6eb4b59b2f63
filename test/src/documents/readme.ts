import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { startTestKeySet } from "@connectum/auth/testing";
import { expect } from "vitest";
import { packageVersion } from "../generator/plugin-package.js";
import { createProject } from "../published/project.js";
import { root } from "../published/run.js";
import { compiled, generated, generatedTable, installed, readmeBlock, readmeFiles, registry } from "./greeter.js";
import { once } from "./once.js";
import { type Program, startProgram } from "./program.js";
import type { Runs } from "./runs.js";

/** The server with the identity provider for tests, which the README starts last. */
const started = once(async () => startProgram(await compiled(), "dist/dev.js"));
const calls: { whoAmI?: string; restart?: string } = {};

export async function stopReadme(): Promise<void> {
  await (await started()).stop();
}

export const readme: Runs = {
  demo: (text) => isRunByCi(text),
  test: (text) => isRunByCi(text),

  async install() {
    const { dependencies, devDependencies, type } = JSON.parse((await installed()).read("package.json"));
    expect(type).toBe("module");
    expect(Object.keys({ ...dependencies, ...devDependencies })).toContain("@connectum/protoc-gen-connectum-auth");
    expect(dependencies["@connectum/auth"]).toBe(`^${packageVersion}`);
  },

  async "proto/greeter/v1/greeter.proto"() {
    const project = await generated();
    await project.use("buf lint && buf format -d --exit-code");
  },

  async conditions(text) {
    expect(readFileSync(join(root, "docs/permissions.md"), "utf8")).toContain(text);
  },

  async "buf.yaml"() {
    const project = await generated();
    expect((await project.use("buf ls-files")).trim().split("\n")).toEqual([
      "proto/connectum/auth/v1/options.proto",
      "proto/greeter/v1/greeter.proto",
    ]);
  },

  async "buf.gen.yaml"() {
    const messages = (await generated()).read("src/gen/greeter/v1/greeter_pb.ts");
    expect(messages).toContain("export const GreeterService:");
    expect(messages).not.toMatch(/connectum|admin/);
  },

  async generate() {
    const project = await generated();
    const options = "proto/connectum/auth/v1/options.proto";
    expect(project.read(options)).toBe(readFileSync(join(root, options), "utf8"));
    project.write(options, "an old copy");
    await project.use(JSON.parse(project.read("package.json")).scripts.generate);
    expect(project.read(options)).toBe(readFileSync(join(root, options), "utf8"));
  },

  async "src/server.ts"() {
    const project = await compiled();
    const login = await startTestKeySet();
    const server = await startProgram(project, "dist/server.js", { JWKS_URI: login.jwksUri });
    try {
      const { GreeterService } = await project.import<{ GreeterService: DescService }>(
        "dist/gen/greeter/v1/greeter_pb.js",
      );
      const sign = (claims: object) =>
        login.sign({ sub: "ada", iss: "https://login.example.com", aud: "greeter", ...claims });
      const admin = await sign({ roles: ["admin"], scope: "greeter:write" });
      for (const transport of transportsTo(server)) {
        const call = async (method: string, token?: string) => {
          const desc = GreeterService.method[method] as DescMethodUnary;
          const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
          return transport.unary(desc, undefined, undefined, headers, {}).then(
            ({ message }) => ("subject" in message ? message.subject : "ok"),
            (error) => ConnectError.from(error).code,
          );
        };
        expect(await call("hello")).toBe("ok");
        expect(await call("whoAmI")).toBe(Code.Unauthenticated);
        expect(await call("whoAmI", await sign({}))).toBe("ada");
        expect(await call("whoAmI", await sign({ aud: "other" }))).toBe(Code.Unauthenticated);
        expect(await call("restart")).toBe(Code.Unauthenticated);
        expect(await call("restart", await sign({ roles: ["guest"], scope: "greeter:write" }))).toBe(
          Code.PermissionDenied,
        );
        expect(await call("restart", await sign({ roles: ["admin"] }))).toBe(Code.PermissionDenied);
        expect(await call("restart", admin)).toBe("ok");
      }
    } finally {
      await Promise.all([server.stop(), login.close()]);
    }
  },

  async "src/dev.ts"() {
    expect((await started()).output).toMatch(/^TOKEN=[\w-]+\.[\w-]+\.[\w-]+\n$/);
  },
  async "tsconfig.json"() {
    expect((await compiled()).read("dist/server.js")).toContain("createAuth");
  },
  // `compiled` and `started` run these two commands.
  async start(text) {
    expect(text).toBe("npx tsc\nnode dist/dev.js\n");
    await started();
  },
  async "who-am-i"(text) {
    calls.whoAmI = await callByHand(text);
  },
  async "who-am-i answer"(text) {
    expect(JSON.parse(calls.whoAmI ?? "")).toEqual(JSON.parse(text));
  },
  async restart(text) {
    calls.restart = await callByHand(text);
  },
  async "restart answer"(text) {
    expect(JSON.parse(calls.restart ?? "")).toEqual(JSON.parse(text));
  },

  async [generatedTable](text) {
    expect((await generated()).read(generatedTable)).toBe(text);
  },

  async mistakes(text) {
    const project = createProject(await registry(), await installed());
    for (const file of readmeFiles) project.write(file, readmeBlock(file));
    const proto = "proto/greeter/v1/greeter.proto";
    const annotated = readmeBlock(proto);
    project.write(
      proto,
      annotated.replace("default_requires: {}", 'default_policy: "Deny"').replace('"admin"', '"admin "'),
    );
    project.write("package.json", (await generated()).read("package.json"));
    const { status, output } = await project.tryUse(
      "connectum-auth-proto proto && buf generate; status=$?; ls src; exit $status",
    );
    expect(status).not.toBe(0);
    for (const line of text.trim().split("\n")) expect(output).toContain(line);
    expect(output).toMatch(/^server\.ts$/m);
    expect(output).not.toMatch(/^gen$/m);
    project.remove();
  },
};

/** The job of every submission runs these commands on a clean checkout. */
async function isRunByCi(text: string): Promise<void> {
  const job = readFileSync(join(root, ".ci/run"), "utf8").split("\n");
  for (const command of text.trim().split("\n")) {
    expect(job.some((line) => line === command || line.startsWith(`${command} -- --reporter`))).toBe(true);
  }
}

function transportsTo({ port }: Program) {
  const baseUrl = `http://127.0.0.1:${port}`;
  return [
    createConnectTransport({ baseUrl, httpVersion: "2" }),
    createGrpcTransport({ baseUrl }),
    createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  ];
}

/** Runs a call of the README against the server of this test, with the token that the server printed. */
async function callByHand(command: string): Promise<string> {
  const { port, output } = await started();
  const project = await compiled();
  const answer = await project.tryRun(`${output}\n${command.replace("localhost:8080", `127.0.0.1:${port}`)}`);
  return answer.output;
}
