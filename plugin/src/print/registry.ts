import { posix } from "node:path";
import type { GeneratedFile, Target } from "@bufbuild/protoplugin";
import type { CodeOfRows } from "../condition/row-code.js";
import type { Row, ServiceTable, Tables } from "../merge/merge.js";
import { importExtensionOf } from "../options/options.js";
import { literal } from "../text/literal.js";
import { hasFunctions, keyOf, listText, printRow } from "./print-row.js";
import { methodsWith, printConstant, printHelpersOf } from "./print-table.js";

/**
 * Prints the tables of a run as one module.
 *
 * The tables are JSON, because JSON loads faster than code; a table with functions is code. Their types refer to the
 * table files of the same run. The module imports no file at run time.
 *
 * @param path - the path of the module in the output folder, without extension.
 * @param parameter - the plugin's parameter. Its `import_extension` ends the paths of the types.
 */
export function printRegistry(
  f: GeneratedFile,
  target: Target,
  path: string,
  files: Tables,
  code: CodeOfRows,
  parameter: string,
): void {
  const sorted = [...files.values()].flat().sort((a, b) => (a.service.typeName < b.service.typeName ? -1 : 1));
  const protoFiles = [...new Set(sorted.map(({ service }) => service.file.proto.name))].sort();
  const types = sorted.map(({ service: { file, name } }) => {
    const relative = posix.relative(posix.dirname(path), `${file.name}_auth`);
    const specifier = relative.startsWith("../") ? relative : `./${relative}`;
    return `  typeof import(${literal(specifier + importExtensionOf(parameter))}).${name}Policy`;
  });
  const type = target === "js" ? "" : `: readonly [${lines(types)}]`;
  // The annotation lets a bundler drop unused tables.
  const value = target === "dts" ? "" : ` = ${tablesText(sorted, code, target)}`;
  f.print("/** Access policies of all services, sorted by name. */");
  f.print(f.export(target === "dts" ? "declare const" : "const", "policies"), type, value, ";");
  const all = (access: Row["access"]) => sorted.flatMap((table) => methodsWith(table, access));
  for (const [name, items, content] of [
    ["publicMethods", all("public"), "Methods of all services that skip authentication."],
    ["internalMethods", all("internal"), "Methods of all services for trusted internal callers only."],
    ["protoFiles", protoFiles, "Proto files of these services."],
  ] as const) {
    f.print();
    printConstant(f, target, `/** ${content} */`, name, listText(items, target));
  }
  printHelpersOf(f, target, sorted, code);
}

/** Returns the tables as one JSON text. With functions, returns a list with a JSON text or code for each table. */
function tablesText(tables: readonly ServiceTable[], code: CodeOfRows, target: Target): string {
  const isCode = (table: ServiceTable) => table.rows.some((row) => hasFunctions(code.get(row)));
  const parse = (json: string) => `/* @__PURE__ */ JSON.parse(\`${json.replace(/[\\`]|\$(?=\{)/g, "\\$&")}\`)`;
  if (!tables.some(isCode)) return parse(`[${lines(tables.map(tableJson))}]`);
  const texts = tables.map((table) => (isCode(table) ? tableCode(table, code, target) : parse(tableJson(table))));
  return `[\n${texts.map((text) => `${text},\n`).join("")}]`;
}

function tableCode({ service, rows }: ServiceTable, code: CodeOfRows, target: Target): string {
  const methods = rows.map((row) => {
    return `    ${keyOf(row)}: ${printRow(row, code.get(row), target)},\n`;
  });
  return `{\n  typeName: ${literal(service.typeName)},\n  methods: {\n${methods.join("")}  },\n}`;
}

/** Prints one method per line, so that a diff shows one line per changed method. */
function tableJson({ service, rows }: ServiceTable): string {
  const list = (names: readonly string[]) => `[${names.map(literal).join(",")}]`;
  const methods = rows.map((row) => {
    const { method, access, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials } = row;
    const hasRequirements = access === "requires" || access === "internal";
    const age = maxAgeSeconds === undefined ? "" : `,"maxAgeSeconds":${maxAgeSeconds}`;
    const more = (name: string, names: readonly string[]) => (names.length > 0 ? `,"${name}":${list(names)}` : "");
    const lists = hasRequirements
      ? `,"roles":${list(roles)},"scopes":${list(scopes)}${more("permissions", permissions)}${more("anyPermissions", anyPermissions)}${more("acr", acr)}${age}`
      : "";
    return `  ${literal(method.name)}:{"access":"${access}"${lists}${more("credentials", credentials)}}`;
  });
  return `{"typeName":${literal(service.typeName)},"methods":{${lines(methods)}}}`;
}

/** Prints one item per line, without a comma after the last, as JSON demands. */
function lines(items: readonly string[]): string {
  return items.length === 0 ? "" : `\n${items.join(",\n")}\n`;
}
