import { join } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { goldenFolder, goldenOf, protosFolder, readFolder, type Variant, variants } from "./golden-files.js";
import { startPlugin } from "./plugin-in-process.js";
import { readResponse } from "./run-plugin.js";
import { compile, requestFor } from "./schema.js";

// The golden files once more, without a process: mutants of the printer live in this one.
const protos = Object.fromEntries(readFolder(protosFolder, ".proto"));
const schema = compile(protos);

test.each(Object.entries(variants) as [Variant, string][])("%s", (variant, parameter) => {
  for (const names of [Object.keys(protos), Object.keys(protos).reverse()]) {
    const request = toBinary(CodeGeneratorRequestSchema, requestFor(schema, names, parameter));
    const { files, error } = readResponse(startPlugin(request).stdout);
    expect(error).toBe("");
    const golden = [...goldenOf(variant, files)].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(golden).toEqual([...readFolder(join(goldenFolder, variant))]);
  }
});
