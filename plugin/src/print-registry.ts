import type { Dialect } from "./dialect.js";
import { methodsWith, tableData } from "./print-table.js";
import type { ServiceTable } from "./resolve.js";

/** Prints the tables of a whole run into one module that imports nothing, after its preamble. */
export function printRegistry(tables: readonly ServiceTable[], dialect: Dialect): string {
  const sorted = [...tables].sort((a, b) => compare(a.service.typeName, b.service.typeName));
  const protoFiles = [...new Set(sorted.map(({ service }) => service.file.name))].sort(compare);
  const constants = [
    `/** Proto files whose services are in this registry. */\n${dialect.constant("protoFiles", protoFiles)}`,
    "/** Access policies of all services, sorted by name. */\n" +
      dialect.constant(
        "policies",
        sorted.map((table) => tableData(table)),
      ),
    "/** Methods of all services that skip authentication. */\n" +
      dialect.constant(
        "publicMethods",
        sorted.flatMap((table) => methodsWith(table, "public")),
      ),
    "/** Methods of all services for trusted internal callers only. */\n" +
      dialect.constant(
        "internalMethods",
        sorted.flatMap((table) => methodsWith(table, "internal")),
      ),
  ];
  return (
    dialect.prologue +
    constants.join("\n") +
    dialect.epilogue(["protoFiles", "policies", "publicMethods", "internalMethods"])
  );
}

/** By code point, not by locale: the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
