import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";

const plugin = new URL("../../../plugin/", import.meta.url);

test("the bundle has no TypeScript, and says so if protoplugin ever asks for it", async () => {
  const { build } = createRequire(new URL("package.json", plugin))("esbuild") as typeof import("esbuild");
  const { stubTypeScript } = (await import(new URL("stub-typescript.js", plugin).href)) as {
    stubTypeScript: import("esbuild").Plugin;
  };
  // A plugin that leaves JavaScript to protoplugin, which transpiles it with TypeScript.
  const source = `
    import { createEcmaScriptPlugin, runNodeJs } from "@bufbuild/protoplugin";
    runNodeJs(createEcmaScriptPlugin({ name: "p", version: "v1", generateTs(schema) {
      schema.generateFile("a.ts").print("export {};");
    } }));`;
  const request = (parameter: string) =>
    toBinary(
      CodeGeneratorRequestSchema,
      create(CodeGeneratorRequestSchema, {
        parameter,
        fileToGenerate: ["a.proto"],
        protoFile: [{ name: "a.proto", syntax: "proto3" }],
      }),
    );
  const folder = mkdtempSync(join(tmpdir(), "connectum-bundle-"));
  try {
    const outfile = join(folder, "plugin.cjs");
    const result = await build({
      stdin: { contents: source, resolveDir: new URL(".", plugin).pathname },
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      plugins: [stubTypeScript],
      metafile: true,
      logLevel: "silent",
    });
    expect(
      Object.keys(result.metafile.inputs).filter((name) => /node_modules\/(typescript|@typescript)\//.test(name)),
    ).toEqual([]);
    const run = (parameter: string) => spawnSync(process.execPath, [outfile], { input: request(parameter) });
    expect(run("target=ts")).toMatchObject({ status: 0 });
    const { status, stderr } = run("target=js");
    expect(status).toBe(1);
    expect(stderr.toString()).toContain(
      "the bundle of protoc-gen-connectum-auth has no TypeScript: print every target",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
