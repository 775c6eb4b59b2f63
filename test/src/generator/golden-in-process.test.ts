import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { startPlugin } from "./plugin-in-process.js";
import { readResponse } from "./run-plugin.js";
import { compile, requestFor } from "./schema.js";

// The golden files once more, without a process: mutants of the printer live in this one.
const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url));
function readFolder(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(path, name), "utf8")]));
}
const protos = readFolder(folder("./protos"));
const schema = compile(protos);

test.each([
  ["ts", "target=ts,registry=registry.ts"],
  ["js+dts", "target=js+dts,registry=registry"],
  ["commonjs", "target=js,js_import_style=legacy_commonjs,elide_plugin_version=true,registry=lib/registry.js"],
])("%s", (variant, parameter) => {
  for (const names of [Object.keys(protos), Object.keys(protos).reverse()]) {
    const request = toBinary(CodeGeneratorRequestSchema, requestFor(schema, names, parameter));
    const { files, error } = readResponse(startPlugin(request).stdout);
    expect(error).toBe("");
    expect(Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)))).toEqual(
      readFolder(folder(`./golden/${variant}`)),
    );
  }
});
