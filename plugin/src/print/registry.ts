import type { GeneratedFile, Target } from "@bufbuild/protoplugin";
import type { ServiceTable } from "../merge/tables.js";
import { compareCodeUnits } from "../text/compare.js";
import { printConstant, printParsed } from "./data.js";
import { methodsWith } from "./print-table.js";
import { registryJson, registryType } from "./registry-tables.js";

/** Prints the tables of a whole run as one module, which imports nothing and so loads at once. */
export function printRegistry(
  f: GeneratedFile,
  target: Target,
  path: string,
  tables: readonly ServiceTable[],
  importExtension: string,
): void {
  const sorted = [...tables].sort((a, b) => compareCodeUnits(a.service.typeName, b.service.typeName));
  const protoFiles = [...new Set(sorted.map(({ service }) => service.file.proto.name))].sort(compareCodeUnits);
  const policies = { json: registryJson(sorted), type: registryType(path, sorted, importExtension) };
  printParsed(f, target, "/** Access policies of all services, sorted by name. */", "policies", policies);
  for (const [name, doc, value] of [
    ["publicMethods", "Methods of all services that skip authentication.", sorted.flatMap((table) => methodsWith(table, "public"))],
    ["internalMethods", "Methods of all services for trusted internal callers only.", sorted.flatMap((table) => methodsWith(table, "internal"))],
    ["protoFiles", "Proto files whose services are listed here.", protoFiles],
  ] as const) {
    f.print();
    printConstant(f, target, `/** ${doc} */`, name, value);
  }
}
