import { create, maximumEdition, minimumEdition, toBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin, type Schema, type Target } from "@bufbuild/protoplugin";
import { checkExtensions } from "./check/check-extensions.js";
import { checkFilters } from "./check/check-filters.js";
import { checkInheritance } from "./check/check-inheritance.js";
import { checkOption } from "./check/check-option.js";
import { checkRegistry } from "./check/check-registry.js";
import { Problems } from "./check/problems.js";
import { type Tables, tablesOf } from "./merge/merge.js";
import { explainInvalid, type GeneratorOptions, parseOptions } from "./options/options.js";
import { printFiles, tidy } from "./print/print-files.js";
import { pluginName, pluginVersion } from "./process/help.js";

/** A serialized CodeGeneratorResponse with files or an error, and lines for the user's terminal. */
export type Outcome = { readonly response: Uint8Array; readonly warnings: readonly string[] };

/** Runs the generator. Reads nothing but its argument, and writes nothing. */
export function generate(request: CodeGeneratorRequest): Outcome {
  let files: Tables | undefined;
  const warnings: string[] = [];
  const emit = (schema: Schema<GeneratorOptions>, target: Target) => {
    files ??= resolveSchema(schema, warnings);
    printFiles(schema, target, files);
  };
  // Made anew for each run: a plugin of protoplugin remembers its targets.
  const names = { name: pluginName, version: pluginVersion };
  const targets = { generateTs: emit, generateJs: emit, generateDts: emit };
  const plugin = createEcmaScriptPlugin({ ...names, ...targets, parseOptions });
  const supportedFeatures = 3n; // proto3 optional, editions
  let response = create(CodeGeneratorResponseSchema, { supportedFeatures, minimumEdition, maximumEdition });
  try {
    response = plugin.run(request);
    for (const file of response.file) file.content = tidy(file.content);
  } catch (error) {
    // Problems of schemas and options, from us, protobuf-es and protoplugin. Others are mistakes of the plugin.
    if (!(error instanceof Error && ["Error", "PluginOptionError"].includes(error.name))) throw error;
    response.error = explainInvalid(error.message); // the compiler prints it, writes nothing, and fails
  }
  return { response: toBinary(CodeGeneratorResponseSchema, response), warnings };
}

/** Merges the options of all files, and checks them. */
function resolveSchema(schema: Schema<GeneratorOptions>, warnings: string[]): Tables {
  const { files, allFiles, options } = schema;
  const problems = new Problems();
  const taken = checkExtensions(allFiles, problems);
  const tables = new Map(files.map((file) => [file, tablesOf(file, taken)]));
  checkFilters(schema, tables, taken, problems);
  for (const table of [...tables.values()].flat()) {
    checkOption(table.declaration, problems);
    for (const row of table.rows) {
      checkOption(row.declaration, problems);
      checkInheritance(row, table, problems);
    }
  }
  const errors = problems.report(options.strict, warnings);
  if (errors.length > 0) throw new Error(errors.join("\n"));
  checkRegistry(schema);
  return tables;
}
