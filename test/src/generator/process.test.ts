import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, test } from "vitest";
import { packageVersion, pluginPath } from "./plugin-package.js";
import { startPlugin } from "./plugin-process.js";
import { readResponse } from "./run-plugin.js";
import { compile, requestFor } from "./schema.js";

const startedBy = "Start the plugin with buf or protoc: see protoc-gen-connectum-auth --help.";

describe("run by hand", () => {
  test.each(["--version", "-v"])("%s prints the version of the package", (flag) => {
    expect(startPlugin(new Uint8Array(), [flag])).toMatchObject({
      status: 0,
      stdout: Buffer.from(`protoc-gen-connectum-auth v${packageVersion}\n`),
      stderr: "",
    });
  });

  test.each(["--help", "-h"])("%s says what it is and how to wire it", (flag) => {
    const { status, stdout, stderr } = startPlugin(new Uint8Array(), [flag]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const words of [
      "buf.gen.yaml",
      "strategy: all",
      "npx buf generate",
      "protoc -I",
      "registry=",
      "strict=false",
    ]) {
      expect(stdout.toString()).toContain(words);
    }
  });

  test("an unknown argument is refused with the help", () => {
    const { status, stderr } = startPlugin(new Uint8Array(), ["--watch"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^protoc-gen-connectum-auth: unknown argument --watch\n\n.*buf\.gen\.yaml/s);
  });

  test("on a terminal it explains itself instead of waiting", ({ skip }) => {
    if (!existsSync("/usr/bin/script")) skip();
    const command = `${process.execPath} ${pluginPath}`;
    const { stdout, signal } = spawnSync("script", ["-qec", command, "/dev/null"], {
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(signal).toBeNull();
    expect(stdout).toContain("standard input is a terminal");
    expect(stdout).toContain("npx buf generate");
  });
});

describe("what is not a request", () => {
  const garbage: readonly { name: string; input: Uint8Array; want: string }[] = [
    { name: "nothing", input: new Uint8Array(), want: `standard input is empty. ${startedBy}` },
    { name: "text", input: Buffer.from("hello world\n"), want: "standard input is not a CodeGeneratorRequest: " },
    {
      name: "JSON",
      input: Buffer.from('{"fileToGenerate":["a.proto"]}'),
      want: "standard input is not a CodeGeneratorRequest: ",
    },
    { name: "zeros", input: new Uint8Array(64), want: "standard input is not a CodeGeneratorRequest: illegal tag" },
    { name: "an empty list of files", input: Uint8Array.of(0x12, 1, 0x78), want: "file_to_generate is empty" },
    {
      name: "a file that is not there",
      input: Uint8Array.of(0x0a, 1, 0x61),
      want: 'file_to_generate lists "a", but proto_file lacks it',
    },
    { name: "a length past the end", input: Uint8Array.of(0x0a, 0xff, 0xff, 0x03), want: "premature EOF" },
    {
      name: "a negative length",
      input: Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
      want: "standard input is not a CodeGeneratorRequest: ",
    },
  ];
  test.each(garbage)("$name is a clear error", ({ input, want }) => {
    const { status, stdout, stderr } = startPlugin(input);
    expect({ status, stdout: stdout.length }).toEqual({ status: 1, stdout: 0 });
    expect(stderr).toMatch(/^protoc-gen-connectum-auth: standard input is .*\n$/);
    expect(stderr).toContain(want);
    expect(stderr).toContain(startedBy);
  });
});

describe("standard input and output", () => {
  let request: Uint8Array;
  let response: Buffer;
  beforeAll(() => {
    const methods = Array.from({ length: 1_000 }, (_, i) => `  // Comment ${i}.\n  rpc M${i}(E) returns (E);`);
    const schema = compile({
      "a.proto": `syntax = "proto3";\nimport "connectum/auth/v1/options.proto";\nmessage E {}\nservice S {\noption (connectum.auth.v1.service_auth) = {public: false};\n${methods.join("\n")}\n}`,
    });
    request = toBinary(CodeGeneratorRequestSchema, requestFor(schema, ["a.proto"], "target=ts"));
    response = startPlugin(request).stdout;
  });

  test("a service with 1,000 methods has 1,000 rows", () => {
    const content = readResponse(response).files.get("a_auth.ts") ?? "";
    expect(content.match(/: \{ access: "unspecified" \},/g)).toHaveLength(1_000);
    expect(content).toContain("     * Comment 999.\n");
  });

  test("may come in small pieces and be read slowly", async () => {
    const child = spawn(process.execPath, [pluginPath], { stdio: ["pipe", "pipe", "inherit"] });
    const half = Math.floor(request.length / 2);
    child.stdin.write(request.subarray(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.stdin.write(request.subarray(10, half));
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.stdin.end(request.subarray(half));
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) {
      chunks.push(chunk);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(Buffer.concat(chunks)).toEqual(response);
  });

  test("pipes that do not block are waited for", ({ skip }) => {
    if (!existsSync("/usr/bin/python3")) skip();
    const script = [
      "import os, subprocess, sys, time",
      "r, w = os.pipe(); os.set_blocking(r, False)",
      "child = subprocess.Popen(sys.argv[1:], stdin=r, stdout=subprocess.PIPE)",
      "os.close(r); data = sys.stdin.buffer.read(); time.sleep(0.3)",
      "import threading",
      "threading.Thread(target=lambda: [os.write(w, data[i:i+4096]) for i in range(0, len(data), 4096)] + [os.close(w)]).start()",
      "sys.stdout.buffer.write(child.stdout.read())",
      "sys.exit(child.wait())",
    ].join("\n");
    const result = spawnSync("python3", ["-c", script, process.execPath, pluginPath], { input: request });
    expect(result.stderr.toString()).toBe("");
    expect(result.stdout).toEqual(response);
  });
});
