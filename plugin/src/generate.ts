import { dialectOf } from "./dialect.js";
import { type GeneratorOptions, PluginOptionError, parseParameter } from "./parameter.js";
import { filePreamble, preamble } from "./preamble.js";
import { printRegistry } from "./print-registry.js";
import { printTables } from "./print-table.js";
import { Problems } from "./problems.js";
import { type GeneratorRequest, type ProtoFile, readRequest } from "./request.js";
import { resolveService, type ServiceTable } from "./resolve.js";
import { errorResponse, filesResponse, type GeneratedFile } from "./response.js";
import { readComments } from "./source-info.js";

/** What a run leaves: the response for the compiler, and lines for the user's terminal. */
export interface Outcome {
  readonly response: Uint8Array;
  readonly warnings: readonly string[];
}

/**
 * Runs the generator: from a serialized CodeGeneratorRequest to a serialized CodeGeneratorResponse.
 *
 * What is wrong with the schema or the options is in the response, for the compiler to print.
 *
 * @throws Error when the bytes are not a CodeGeneratorRequest.
 */
export function generate(bytes: Uint8Array): Outcome {
  const request = readRequest(bytes);
  let options: GeneratorOptions;
  try {
    options = parseParameter(request.parameter);
  } catch (error) {
    if (!(error instanceof PluginOptionError)) throw error;
    return { response: errorResponse(error.message), warnings: [] };
  }
  const problems = new Problems();
  const resolved = request.files.map((file) => ({
    file,
    tables: file.services.map((service) => resolveService(service, problems)),
  }));
  const { errors, warnings } = problems.report(options.strict);
  if (errors.length > 0) return { response: errorResponse(errors.join("\n")), warnings };
  return { response: filesResponse(print(resolved, request, options)), warnings };
}

function print(
  resolved: readonly { readonly file: ProtoFile; readonly tables: readonly ServiceTable[] }[],
  _request: GeneratorRequest,
  options: GeneratorOptions,
): GeneratedFile[] {
  const files: GeneratedFile[] = [];
  const dialects = options.targets.map((target) => dialectOf(target, options));
  for (const { file, tables } of resolved) {
    if (tables.length === 0 && !options.keepEmptyFiles) continue;
    const comments = readComments(file.sourceInfo);
    const head = filePreamble(file, comments, options);
    const base = `${file.name.replace(/\.proto$/, "")}_auth`;
    for (const dialect of dialects) {
      files.push({ name: base + dialect.extension, content: head + printTables(tables, comments, dialect) });
    }
  }
  if (options.registry !== undefined) {
    const tables = resolved.flatMap((entry) => entry.tables);
    const head = preamble(`${tables.length} services`, options);
    for (const dialect of dialects) {
      files.push({ name: options.registry + dialect.extension, content: head + printRegistry(tables, dialect) });
    }
  }
  return files;
}
