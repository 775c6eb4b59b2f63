import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Schema, Target } from "@bufbuild/protoplugin";
import type { CodeOfRows } from "../condition/row-code.js";
import { file_connectum_auth_v1_options as optionsProto } from "../gen/connectum/auth/v1/options_pb.js";
import type { Tables } from "../merge/merge.js";
import { createOverlay } from "../openapi/create-overlay.js";
import { printJson } from "../openapi/print-json.js";
import { printYaml } from "../openapi/print-yaml.js";
import { extensions, type GeneratorOptions, invalid, parseFilePath } from "../options/options.js";
import { printCatalogue } from "./catalogue.js";
import { printTables } from "./print-table.js";
import { printRegistry } from "./registry.js";

/** Prints the files of one target. Throws an `Error` for an invalid option that names a file. */
export function printFiles(schema: Schema<GeneratorOptions>, target: Target, files: Tables, code: CodeOfRows): void {
  const { registry, catalogue, openapiOverlay, openapiSecurityScheme, keepEmptyFiles } = schema.options;
  const names = new Set<string>();
  for (const [file, tables] of files) {
    if (tables.length === 0 && !keepEmptyFiles) continue;
    const name = `${file.name}_auth${extensions[target]}`;
    names.add(name);
    const f = schema.generateFile(name);
    f.preamble(file);
    if (tables.length > 0) printTables(f, target, file, tables, code);
    else f.print(f.jsImportStyle === "module" ? "export {};" : "");
  }
  /** Begins a file of the whole run. */
  const begin = (key: "registry" | "catalogue" | "openapi_overlay", value: string, name: string) => {
    if (names.has(name)) throw invalid(key, value, `${name} is generated already. Write another name`);
    names.add(name);
    return schema.generateFile(name);
  };
  if (registry !== undefined) {
    const path = parseFilePath("registry", registry, schema.targets);
    const f = begin("registry", registry, path + extensions[target]);
    f.preamble(registryOrigin);
    printRegistry(f, target, path, files, code, schema.proto.parameter);
  }
  if (catalogue?.endsWith(".json")) {
    parseFilePath("catalogue", catalogue, schema.targets);
    // One file for all targets.
    if (target === schema.targets[0]) printCatalogue(begin("catalogue", catalogue, catalogue), "json", files);
  } else if (catalogue !== undefined) {
    const path = parseFilePath("catalogue", catalogue, schema.targets);
    const f = begin("catalogue", catalogue, path + extensions[target]);
    f.preamble(registryOrigin);
    printCatalogue(f, target, files);
  }
  if (openapiOverlay !== undefined && target === schema.targets[0]) {
    parseFilePath("openapi_overlay", openapiOverlay, schema.targets);
    const f = begin("openapi_overlay", openapiOverlay, openapiOverlay);
    const overlay = createOverlay(files, code, openapiSecurityScheme);
    f.print(openapiOverlay.endsWith(".json") ? printJson(overlay) : printYaml(overlay));
  } else if (openapiOverlay === undefined && openapiSecurityScheme !== undefined) {
    const reason = "it has no effect without openapi_overlay. Add openapi_overlay=auth.overlay.yaml";
    throw invalid("openapi_security_scheme", openapiSecurityScheme, reason);
  }
}

/** The pseudo file of a registry's preamble: protoplugin prints preambles of single files only. */
const registryOrigin = { ...optionsProto, name: "the files in protoFiles", proto: create(FileDescriptorProtoSchema) };

/**
 * Corrects the preamble of a generated file, since protoplugin has no options for it.
 *
 * Names the origin of a registry, removes the features of an edition, and removes a second blank line in CommonJS.
 *
 * @example
 * tidy("// @generated from file the files in protoFiles.proto (syntax proto2)\n");
 * // "// @generated from the files in protoFiles\n"
 */
export function tidy(content: string): string {
  return content
    .replace(`file ${registryOrigin.name}.proto (syntax proto2)`, registryOrigin.name)
    .replace(/^(\/\/ @generated from file .*\n)(?:\/\/ option features\..*\n)+/m, "$1")
    .replace(/^("use strict";\n.*\n\n)\n+/m, "$1");
}
