import type { DescFile } from "@bufbuild/protobuf";
import type { GeneratedFile, Target } from "@bufbuild/protoplugin";
import type { Row, ServiceTable } from "../merge/tables.js";
import { type Path, readComments } from "../request/source-info.js";
import { type Data, type Entry, printConstant } from "./data.js";
import { describe } from "./describe.js";

/** Path of the file with the tables of a proto file, without an extension: each target has its own. */
export function tablePath(file: DescFile): string {
  return `${file.name}_auth`;
}

/** Prints the tables of one proto file. */
export function printTables(f: GeneratedFile, target: Target, file: DescFile, tables: readonly ServiceTable[]): void {
  const comments = readComments(file);
  for (const [index, table] of tables.entries()) {
    if (index > 0) f.print();
    printTable(f, target, table, comments);
  }
}

function printTable(f: GeneratedFile, target: Target, table: ServiceTable, comments: (path: Path) => string): void {
  const { service, path, rows } = table;
  const { name, typeName, deprecated, file } = service;
  const doc = docText(`Access policy of service ${typeName}.`, comments(path), service, deprecated || file.deprecated);
  const methods = rows.map((row): Entry => {
    const text = docText(describe(row), comments(row.path), row.method, row.method.deprecated);
    return { key: row.method.name, value: rowData(row), doc: f.jsDoc(text, "    ") };
  });
  const data = object([
    { key: "typeName", value: typeName },
    { key: "methods", value: object(methods) },
  ]);
  printConstant(f, target, f.jsDoc(doc), `${name}Policy`, data);
  for (const [access, list, doc] of [
    ["public", `${name}PublicMethods`, `/** Methods of ${typeName} that skip authentication. */`],
    ["internal", `${name}InternalMethods`, `/** Methods of ${typeName} for trusted internal callers only. */`],
  ] as const) {
    f.print();
    printConstant(f, target, doc, list, methodsWith(table, access));
  }
}

/** Methods of a table with one access, as `pkg.v1.Service/Method`. */
export function methodsWith({ service, rows }: ServiceTable, access: Row["access"]): readonly string[] {
  return rows.filter((row) => row.access === access).map(({ method }) => `${service.typeName}/${method.name}`);
}

function docText(title: string, comment: string, element: object, deprecated: boolean): string {
  const origin = `@generated from ${element}${deprecated ? "\n@deprecated" : ""}`;
  return [title, comment, origin].filter((paragraph) => paragraph !== "").join("\n\n");
}

function rowData({ access, roles, scopes }: Row): Data {
  const entries: Entry[] = [{ key: "access", value: access }];
  if (access === "requires" || access === "internal") {
    entries.push({ key: "roles", value: roles }, { key: "scopes", value: scopes });
  }
  return { entries, multiline: false };
}

function object(entries: readonly Entry[]): Data {
  return { entries, multiline: true };
}
