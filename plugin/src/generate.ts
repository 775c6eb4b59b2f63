import { create, maximumEdition, minimumEdition, toBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  type CodeGeneratorResponse,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin, type Schema, type Target } from "@bufbuild/protoplugin";
import { checkExtensions } from "./check/check-extensions.js";
import { checkFilters } from "./check/check-filters.js";
import { checkInheritance } from "./check/check-inheritance.js";
import { checkOption } from "./check/check-option.js";
import { checkRegistry } from "./check/check-registry.js";
import { Problems } from "./check/problems.js";
import { type FileTables, resolveFile } from "./merge/tables.js";
import { GenerationError } from "./options/generation-error.js";
import { explainInvalid, type GeneratorOptions, parseOptions } from "./options/options.js";
import { printFiles, tidy } from "./print/print-files.js";
import { pluginName, pluginVersion } from "./process/version.js";

/** The result of a run: the response for the compiler, and lines for the user's terminal. */
export interface Outcome {
  /** A serialized CodeGeneratorResponse: files, or the problems of the schema or the options. */
  readonly response: Uint8Array;
  readonly warnings: readonly string[];
}

/** Runs the generator. Reads nothing but its argument, and writes nothing. */
export function generate(request: CodeGeneratorRequest): Outcome {
  const warnings: string[] = [];
  let response: CodeGeneratorResponse;
  try {
    response = runPlugin(request, warnings);
  } catch (error) {
    // protobuf-es and protoplugin throw these for schemas and options. Anything else is a mistake of ours.
    if (!(error instanceof Error) || !["Error", "PluginOptionError"].includes(error.name)) throw error;
    response = failure(explainInvalid(error.message));
  }
  return { response: toBinary(CodeGeneratorResponseSchema, response), warnings };
}

function runPlugin(request: CodeGeneratorRequest, warnings: string[]): CodeGeneratorResponse {
  let files: readonly FileTables[] | undefined;
  const emit = (schema: Schema<GeneratorOptions>, target: Target) => {
    files ??= resolveSchema(schema, warnings);
    printFiles(schema, target, files);
  };
  let optionError: unknown;
  // Made anew for each run: a plugin of protoplugin remembers its targets.
  const plugin = createEcmaScriptPlugin<GeneratorOptions>({
    name: pluginName,
    version: pluginVersion,
    parseOptions(options) {
      try {
        return parseOptions(options);
      } catch (error) {
        optionError = error;
        throw error;
      }
    },
    generateTs: emit,
    generateJs: emit,
    generateDts: emit,
  });
  try {
    const response = plugin.run(request);
    for (const file of response.file) file.content = tidy(file.content);
    return response;
  } catch (error) {
    // protoplugin wraps the error of one option into a message that names all of them.
    throw optionError ?? error;
  }
}

/** Merges the options of all files, and checks them. */
function resolveSchema({ files, allFiles, options }: Schema<GeneratorOptions>, warnings: string[]): FileTables[] {
  const problems = new Problems();
  const taken = checkExtensions(allFiles, problems);
  const resolved = files.map((file) => resolveFile(file, taken));
  checkFilters(allFiles, resolved, taken, options.requireOptions, problems);
  for (const { declaration, rows } of resolved.flatMap(({ tables }) => tables)) {
    checkOption(declaration, problems);
    for (const row of rows) {
      checkOption(row.declaration, problems);
      checkInheritance(row.declaration, declaration, row, problems);
    }
  }
  const report = problems.report(options.strict);
  warnings.push(...report.warnings);
  if (report.errors.length > 0) throw new GenerationError(report.errors.join("\n"));
  checkRegistry(files, allFiles, options);
  return resolved;
}

/** A response that makes the compiler print the text, write nothing, and fail. */
function failure(error: string): CodeGeneratorResponse {
  return create(CodeGeneratorResponseSchema, {
    error,
    supportedFeatures: BigInt(
      CodeGeneratorResponse_Feature.PROTO3_OPTIONAL | CodeGeneratorResponse_Feature.SUPPORTS_EDITIONS,
    ),
    minimumEdition,
    maximumEdition,
  });
}
