import { posix } from "node:path";
import type { GeneratedFile, Target } from "@bufbuild/protoplugin";
import type { Row, ServiceTable, Tables } from "../merge/merge.js";
import { importExtensionOf } from "../options/options.js";
import { literal } from "../text/literal.js";
import { listText, methodsWith, printConstant } from "./print-table.js";

/**
 * Prints the tables of a run as one module.
 *
 * The tables are JSON, because JSON loads faster than code. Their types refer to the table files of the same run. The
 * module imports no file at run time.
 *
 * @param path - the path of the module in the output folder, without extension.
 * @param parameter - the plugin's parameter. Its `import_extension` ends the paths of the types.
 */
export function printRegistry(f: GeneratedFile, target: Target, path: string, files: Tables, parameter: string): void {
  const sorted = [...files.values()].flat().sort((a, b) => (a.service.typeName < b.service.typeName ? -1 : 1));
  const protoFiles = [...new Set(sorted.map(({ service }) => service.file.proto.name))].sort();
  const types = sorted.map(({ service: { file, name } }) => {
    const relative = posix.relative(posix.dirname(path), `${file.name}_auth`);
    const specifier = relative.startsWith("../") ? relative : `./${relative}`;
    return `  typeof import(${literal(specifier + importExtensionOf(parameter))}).${name}Policy`;
  });
  const type = target === "js" ? "" : `: readonly [${lines(types)}]`;
  // The annotation lets a bundler drop unused tables.
  const json = `[${lines(sorted.map(tableJson))}]`.replace(/[\\`]|\$(?=\{)/g, "\\$&");
  const value = target === "dts" ? "" : ` = /* @__PURE__ */ JSON.parse(\`${json}\`)`;
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
}

/** Prints one method per line, so that a diff shows one line per changed method. */
function tableJson({ service, rows }: ServiceTable): string {
  const list = (names: readonly string[]) => `[${names.map(literal).join(",")}]`;
  const methods = rows.map(({ method, access, roles, scopes }) => {
    const hasRequirements = access === "requires" || access === "internal";
    const lists = hasRequirements ? `,"roles":${list(roles)},"scopes":${list(scopes)}` : "";
    return `  ${literal(method.name)}:{"access":"${access}"${lists}}`;
  });
  return `{"typeName":${literal(service.typeName)},"methods":{${lines(methods)}}}`;
}

/** Prints one item per line, without a comma after the last, as JSON demands. */
function lines(items: readonly string[]): string {
  return items.length === 0 ? "" : `\n${items.join(",\n")}\n`;
}
