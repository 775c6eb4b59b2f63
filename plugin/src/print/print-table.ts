import type { DescFile } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable, Target } from "@bufbuild/protoplugin";
import { type HelperName, printHelpers } from "../condition/printer.js";
import type { CodeOfRows } from "../condition/row-code.js";
import type { Declaration } from "../declaration/declaration.js";
import type { Row, ServiceTable } from "../merge/merge.js";
import { readComments } from "../request/source-info.js";
import { literal } from "../text/literal.js";
import { describe } from "./describe.js";
import { fieldStyles, keyOf, listText, printRow } from "./print-row.js";

/** The syntax of a constant, by target: its keyword, and the texts around its value. */
const styles: { readonly [T in Target]: readonly [keyword: string, before: string, after: string] } = {
  ts: ["const", " = ", " as const;"],
  js: ["const", " = ", ";"],
  dts: ["declare const", ": ", ";"],
};

/** Prints the tables of one proto file, directly for each target. */
export function printTables(
  f: GeneratedFile,
  target: Target,
  file: DescFile,
  tables: readonly ServiceTable[],
  code: CodeOfRows,
): void {
  const [modifier, separator] = fieldStyles[target];
  const commentsAt = readComments(file);
  const jsDoc = (title: string, { path, owner }: Declaration, isDeprecated: boolean, indentation = "") => {
    const origin = `@generated from ${owner}${isDeprecated ? "\n@deprecated" : ""}`;
    return f.jsDoc(
      [title, commentsAt(path.slice(0, -2)), origin].filter((text) => text !== "").join("\n\n"),
      indentation,
    );
  };
  for (const [index, table] of tables.entries()) {
    if (index > 0) f.print();
    const { service } = table;
    const methods = table.rows.map((row): Printable => {
      const doc = jsDoc(describe(row, code.get(row)), row.declaration, row.method.deprecated, "    ");
      return [doc, `\n    ${modifier}${keyOf(row)}: ${printRow(row, code.get(row), target)}${separator}\n`];
    });
    const isDeprecated = service.deprecated || file.deprecated;
    const doc = jsDoc(`Access policy of ${service}.`, table.declaration, isDeprecated);
    printConstant(f, target, doc, `${service.name}Policy`, [
      `{\n  ${modifier}typeName: ${literal(service.typeName)}${separator}\n  ${modifier}methods: `,
      methods.length === 0 ? "{}" : ["{\n", methods, "  }"],
      `${separator}\n}`,
    ]);
    for (const [access, name, content] of [
      ["public", "PublicMethods", "that skip authentication"],
      ["internal", "InternalMethods", "for trusted internal callers only"],
    ] as const) {
      f.print();
      const list = listText(methodsWith(table, access), target);
      printConstant(f, target, `/** Methods of ${service.typeName} ${content}. */`, service.name + name, list);
    }
  }
  printHelpersOf(f, target, tables, code);
}

/** Prints the functions that the conditions of some tables call. */
export function printHelpersOf(
  f: GeneratedFile,
  target: Target,
  tables: readonly ServiceTable[],
  code: CodeOfRows,
): void {
  const rows = tables.flatMap((table) => table.rows);
  const names = new Set<HelperName>(rows.flatMap((row) => [...(code.get(row)?.condition?.helpers ?? [])]));
  const text = printHelpers(names, target);
  if (text !== "") f.print("\n", text);
}

/** Returns the methods of a table with one access, as `pkg.v1.Service/Method`. */
export function methodsWith({ service, rows }: ServiceTable, access: Row["access"]): readonly string[] {
  return rows.filter((row) => row.access === access).map(({ method }) => `${service.typeName}/${method.name}`);
}

/** Prints an exported constant. In a declaration file, `value` is its type. */
export function printConstant(f: GeneratedFile, target: Target, doc: Printable, name: string, value: Printable): void {
  const [keyword, before, after] = styles[target];
  f.print(doc, "\n", f.export(keyword, name), before, value, after);
}
