import { type Dialect, dialectOf } from "./dialect.js";
import { jsDoc } from "./jsdoc.js";
import { literal } from "./literal.js";
import { type GeneratorOptions, PluginOptionError, type Registry } from "./parameter.js";
import { preamble } from "./preamble.js";
import { methodsWith } from "./print-table.js";
import { registryJson, registryType } from "./registry-tables.js";
import { type GeneratorRequest, type RequestFile, readProtoFile } from "./request.js";
import type { ServiceTable } from "./resolve.js";
import type { GeneratedFile } from "./response.js";

/**
 * Checks that a registry can be written: that it replaces no other file, and that the run sees the whole module.
 *
 * buf starts a plugin once per directory unless told otherwise, and keeps one of the registries without failing. Such a
 * run shows only when files that are generated import services with access rules from elsewhere that are not.
 *
 * @throws PluginOptionError
 */
export function checkRegistry(
  registry: Registry,
  { files, imports }: GeneratorRequest,
  generated: readonly GeneratedFile[],
  options: GeneratorOptions,
): void {
  const option = `invalid option ${literal(`registry=${registry.written}`)}`;
  const names = new Set(generated.map(({ name }) => name));
  const clash = options.targets
    .map((target) => registry.path + dialectOf(target, options).extension)
    .find((name) => names.has(name));
  if (clash !== undefined) {
    throw new PluginOptionError(`${option}: ${clash} is generated from a proto file; use another name`);
  }
  const directories = new Set(files.map(({ name }) => directoryOf(name)));
  const [directory = ""] = directories;
  if (!options.strict || directories.size > 1) return;
  const missing = imports.find((file) => directoryOf(file.name) !== directory && hasAccessRules(file));
  if (missing !== undefined) {
    throw new PluginOptionError(
      `${option}: this run generates ${directory === "" ? "the top folder" : directory} only, ` +
        `but ${missing.name} has access rules as well, so the registry would be incomplete; ` +
        "write `strategy: all` at this plugin in buf.gen.yaml, or strict=false where a partial registry is meant",
    );
  }
}

function hasAccessRules(file: RequestFile): boolean {
  return readProtoFile(file).services.some(
    ({ auth, methods }) => auth !== undefined || methods.some((method) => method.auth !== undefined),
  );
}

function directoryOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** Writes the tables of a whole run into one module, which imports nothing and so loads at once. */
export function registryFiles(
  registry: Registry,
  tables: readonly ServiceTable[],
  options: GeneratorOptions,
): GeneratedFile[] {
  const sorted = [...tables].sort((a, b) => compare(a.service.typeName, b.service.typeName));
  const protoFiles = [...new Set(sorted.map(({ service }) => service.file.name))].sort(compare);
  const head = preamble("the files in protoFiles", options);
  const policies = { json: registryJson(sorted), type: registryType(registry, sorted, options) };
  return options.targets.map((target) => {
    const dialect = dialectOf(target, options);
    const content = head + printRegistry(policies, sorted, protoFiles, dialect);
    return { name: registry.path + dialect.extension, content };
  });
}

function printRegistry(
  policies: { readonly json: string; readonly type: string },
  tables: readonly ServiceTable[],
  protoFiles: readonly string[],
  dialect: Dialect,
): string {
  const lists = [
    {
      name: "publicMethods",
      doc: "Methods of all services that skip authentication.",
      value: tables.flatMap((table) => methodsWith(table, "public")),
    },
    {
      name: "internalMethods",
      doc: "Methods of all services for trusted internal callers only.",
      value: tables.flatMap((table) => methodsWith(table, "internal")),
    },
    { name: "protoFiles", doc: "Proto files whose services are listed here.", value: protoFiles },
  ];
  return (
    dialect.prologue +
    [
      jsDoc(["Access policies of all services, sorted by name."], "") +
        dialect.parsed("policies", policies.json, policies.type),
      ...lists.map(({ name, doc, value }) => jsDoc([doc], "") + dialect.constant(name, value)),
    ].join("\n") +
    dialect.epilogue(["policies", ...lists.map(({ name }) => name)])
  );
}

/** By code point, not by locale: the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
