import { create, maximumEdition, minimumEdition, toBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin, type Schema, type Target } from "@bufbuild/protoplugin";
import { checkFilters } from "./check/check-filters.js";
import { checkOutputs } from "./check/check-outputs.js";
import { checkRegistry } from "./check/check-registry.js";
import { Problems } from "./check/problems.js";
import { type Resolved, resolve } from "./check/resolve.js";
import { explainInvalid, type GeneratorOptions, parseOptions } from "./options/options.js";
import { printFiles, tidy } from "./print/print-files.js";
import { pluginName, pluginVersion } from "./process/help.js";

/** A serialized CodeGeneratorResponse with files or an error, and warnings for standard error, one per line. */
export type GeneratorResult = { readonly response: Uint8Array; readonly warnings: readonly string[] };

/**
 * Generates the tables of a request. Pure: the caller writes the response and the warnings.
 *
 * The response carries the problems of schemas and options as its error. Throws only for a bug of the plugin.
 *
 * @example
 * const { response, warnings } = generate(readRequest(readStdin()));
 * const { file, error } = fromBinary(CodeGeneratorResponseSchema, response);
 * file.map(({ name }) => name); // ["shop/v1/orders_auth.ts"], or [] with an error
 */
export function generate(request: CodeGeneratorRequest): GeneratorResult {
  let resolved: Resolved | undefined;
  const warnings: string[] = [];
  const emit = (schema: Schema<GeneratorOptions>, target: Target) => {
    resolved ??= resolveSchema(schema, warnings);
    printFiles(schema, target, resolved.tables, resolved.code);
  };
  // Create one per run: a plugin of protoplugin keeps the targets of its first run.
  const names = { name: pluginName, version: pluginVersion };
  const targets = { generateTs: emit, generateJs: emit, generateDts: emit };
  const plugin = createEcmaScriptPlugin({ ...names, ...targets, parseOptions });
  const supportedFeatures = 3n; // proto3 optional, editions
  let response = create(CodeGeneratorResponseSchema, { supportedFeatures, minimumEdition, maximumEdition });
  try {
    response = plugin.run(request);
    // Other files have no preamble, but texts of the schema.
    for (const file of response.file) if (/\.[jt]s$/.test(file.name)) file.content = tidy(file.content);
  } catch (error) {
    // Our checks, protobuf-es and protoplugin report problems as these two. Any other error is a bug of the plugin.
    if (!(error instanceof Error && ["Error", "PluginOptionError"].includes(error.name))) throw error;
    response.error = explainInvalid(error.message); // the compiler prints it, writes no file, and fails
  }
  return { response: toBinary(CodeGeneratorResponseSchema, response), warnings };
}

/** Checks, merges and compiles the options of all files. Throws an `Error` with every problem, one per line. */
function resolveSchema(schema: Schema<GeneratorOptions>, warnings: string[]): Resolved {
  const { files, allFiles, options } = schema;
  const problems = new Problems();
  const resolved = resolve(files, allFiles, problems);
  checkFilters(schema, resolved.tables, resolved.foreignNumbers, problems);
  const errors = problems.report(options.strict, warnings);
  if (errors.length > 0) throw new Error(errors.join("\n"));
  checkOutputs(options);
  checkRegistry(schema);
  return resolved;
}
