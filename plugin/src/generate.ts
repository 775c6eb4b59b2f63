import { dialectOf } from "./dialect.js";
import { checkExtensions } from "./extensions.js";
import { type GeneratorOptions, PluginOptionError, parseParameter } from "./parameter.js";
import { filePreamble } from "./preamble.js";
import { printTables, tablePath } from "./print-table.js";
import { Problems } from "./problems.js";
import { checkRegistry, registryFiles } from "./registry.js";
import type { GeneratorRequest, ProtoFile } from "./request.js";
import { resolveService, type ServiceTable } from "./resolve.js";
import { errorResponse, filesResponse, type GeneratedFile } from "./response.js";
import { readComments } from "./source-info.js";

/** What a run leaves: the response for the compiler, and lines for the user's terminal. */
export interface Outcome {
  /** A serialized CodeGeneratorResponse: files, or what is wrong with the schema or the options. */
  readonly response: Uint8Array;
  readonly warnings: readonly string[];
}

/** Runs the generator. Pure: nothing is read or written but its argument and its result. */
export function generate(request: GeneratorRequest): Outcome {
  try {
    return run(request, parseParameter(request.parameter));
  } catch (error) {
    if (!(error instanceof PluginOptionError)) throw error;
    return { response: errorResponse(error.message), warnings: [] };
  }
}

function run(request: GeneratorRequest, options: GeneratorOptions): Outcome {
  const problems = new Problems();
  const taken = checkExtensions([...request.files, ...request.imports], problems);
  const tables = new Map<ProtoFile, readonly ServiceTable[]>();
  for (const file of request.files) {
    tables.set(
      file,
      file.services.map((service) => resolveService(service, taken, problems)),
    );
  }
  const { errors, warnings } = problems.report(options.strict);
  if (errors.length > 0) return { response: errorResponse(errors.join("\n")), warnings };

  const files = [...tables].flatMap(([file, services]) => tableFiles(file, services, options));
  if (options.registry !== undefined) {
    checkRegistry(options.registry, request, files, options);
    files.push(...registryFiles(options.registry, [...tables.values()].flat(), options));
  }
  return { response: filesResponse(files), warnings };
}

function tableFiles(file: ProtoFile, tables: readonly ServiceTable[], options: GeneratorOptions): GeneratedFile[] {
  if (tables.length === 0 && !options.keepEmptyFiles) return [];
  const comments = readComments(file.sourceInfo);
  const head = filePreamble(file, comments, options);
  return options.targets.map((target) => {
    const dialect = dialectOf(target, options);
    return { name: tablePath(file) + dialect.extension, content: head + printTables(tables, comments, dialect) };
  });
}
