import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { GeneratedFile, Schema, Target } from "@bufbuild/protoplugin";
import type { CodeOfRows } from "../condition/row-code.js";
import { file_connectum_auth_v1_options as optionsProto } from "../gen/connectum/auth/v1/options_pb.js";
import type { Tables } from "../merge/merge.js";
import { createOverlay } from "../openapi/create-overlay.js";
import { printYaml } from "../openapi/print-yaml.js";
import { extensions, type FileOptionName, type FilePath, parseFilePath } from "../options/file-path.js";
import { invalid } from "../options/invalid.js";
import type { GeneratorOptions } from "../options/options.js";
import { type AccessReport, createReport } from "../report/access-report.js";
import { printReport } from "../report/print-report.js";
import { printJson } from "../text/print-json.js";
import { printCatalogue } from "./catalogue.js";
import { printTables } from "./print-table.js";
import { printRegistry } from "./registry.js";

/** A file of the whole run: the option that names it, and its printer. */
interface RunFile {
  readonly key: FileOptionName;
  readonly value: string;
  readonly print: (f: GeneratedFile, file: FilePath) => void;
}

/** Prints the files of one target. Throws an `Error` for an invalid option that names a file. */
export function printFiles(schema: Schema<GeneratorOptions>, target: Target, files: Tables, code: CodeOfRows): void {
  const { tables: writesTables, keepEmptyFiles } = schema.options;
  const names = new Set<string>();
  for (const [file, tables] of files) {
    if (!writesTables || (tables.length === 0 && !keepEmptyFiles)) continue;
    const name = `${file.name}_auth${extensions[target]}`;
    names.add(name);
    const f = schema.generateFile(name);
    f.preamble(file);
    if (tables.length > 0) printTables(f, target, file, tables, code);
    else f.print(f.jsImportStyle === "module" ? "export {};" : "");
  }
  for (const { key, value, print } of runFiles(schema, target, files, code)) {
    const file = parseFilePath(key, value, schema.targets);
    // The same for all targets.
    if (file.fixed !== undefined && target !== schema.targets[0]) continue;
    const name = file.path + (file.fixed === undefined ? extensions[target] : "");
    if (names.has(name)) throw invalid(key, value, `${name} is generated already. Write another name`);
    names.add(name);
    const f = schema.generateFile(name);
    if (file.fixed === undefined) f.preamble(registryOrigin);
    print(f, file);
  }
}

function runFiles(schema: Schema<GeneratorOptions>, target: Target, files: Tables, code: CodeOfRows): RunFile[] {
  const { registry, catalogue, reports, openapiOverlay, openapiSecurityScheme } = schema.options;
  const found: RunFile[] = [];
  const add = (key: FileOptionName, value: string | undefined, print: RunFile["print"]) => {
    if (value !== undefined) found.push({ key, value, print });
  };
  add("registry", registry, (f, { path }) => {
    printRegistry(f, target, path, files, code, schema.proto.parameter);
  });
  add("catalogue", catalogue, (f, { fixed }) => printCatalogue(f, fixed === undefined ? target : "json", files));
  let report: AccessReport | undefined;
  for (const path of reports) {
    add("report", path, (f, { fixed }) => {
      report ??= createReport(files);
      f.print(printReport(report, fixed));
    });
  }
  add("openapi_overlay", openapiOverlay, (f, { fixed }) => {
    const overlay = createOverlay(files, code, openapiSecurityScheme);
    f.print(fixed === ".json" ? printJson(overlay) : printYaml(overlay));
  });
  return found;
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
