import { create, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Schema, Target } from "@bufbuild/protoplugin";
import type { FileTables } from "../merge/tables.js";
import { type GeneratorOptions, importExtensionOf, invalid } from "../options/options.js";
import { extensionOf, parseRegistryPath } from "../options/registry-path.js";
import { printTables, tablePath } from "./print-table.js";
import { printRegistry } from "./registry.js";

/** Prints the files of one target. */
export function printFiles(schema: Schema<GeneratorOptions>, target: Target, files: readonly FileTables[]): void {
  const { options, targets, proto } = schema;
  const names = new Set<string>();
  for (const { file, tables } of files) {
    if (tables.length === 0 && !options.keepEmptyFiles) continue;
    const name = tablePath(file) + extensionOf[target];
    names.add(name);
    const f = schema.generateFile(name);
    f.preamble(file);
    if (tables.length > 0) printTables(f, target, file, tables);
    else f.print(f.jsImportStyle === "module" ? "export {};" : "");
  }
  if (options.registry === undefined) return;
  const path = parseRegistryPath(options.registry, targets);
  const name = path + extensionOf[target];
  if (names.has(name)) {
    throw invalid("registry", options.registry, `${name} is generated from a proto file; use another name`);
  }
  const f = schema.generateFile(name);
  f.preamble(registryOrigin);
  const tables = files.flatMap((file) => file.tables);
  printRegistry(f, target, path, tables, importExtensionOf(proto.parameter));
}

/** Stands for the files that a registry is made of, since a preamble is that of one file. `tidy` mends the words. */
const registryOrigin: DescFile = {
  kind: "file",
  edition: 998,
  name: "the files in protoFiles",
  proto: create(FileDescriptorProtoSchema),
  deprecated: false,
  dependencies: [],
  enums: [],
  messages: [],
  extensions: [],
  services: [],
};

/**
 * Changes what protoplugin offers no option for: the origin of a registry, the features of an edition, which say nothing
 * about access, and a second blank line in CommonJS.
 */
export function tidy(content: string): string {
  return content
    .replace(`file ${registryOrigin.name}.proto (syntax proto2)`, registryOrigin.name)
    .replace(/^(\/\/ @generated from file .*\n)(?:\/\/ option features\..*\n)+/m, "$1")
    .replace(/^("use strict";\n.*\n\n)\n+/m, "$1");
}
