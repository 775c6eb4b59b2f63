import { describe } from "./describe.js";
import type { Data, Dialect, Entry } from "./dialect.js";
import { commentText, jsDoc } from "./jsdoc.js";
import type { ProtoFile } from "./request.js";
import type { Row, ServiceTable } from "./resolve.js";
import type { Comments, SourceIndex } from "./source-info.js";

/** Where the tables of a proto file go, without an extension: each target has its own. */
export function tablePath(file: ProtoFile): string {
  return `${file.name.replace(/\.proto$/, "")}_auth`;
}

/** Prints the tables of one proto file, after its preamble. */
export function printTables(
  tables: readonly ServiceTable[],
  comments: SourceIndex<Comments>,
  dialect: Dialect,
): string {
  const names = tables.flatMap(({ service: { name } }) => [
    `${name}Policy`,
    `${name}PublicMethods`,
    `${name}InternalMethods`,
  ]);
  const blocks = tables.map((table) => printTable(table, comments, dialect));
  return dialect.prologue + blocks.join("\n") + dialect.epilogue(names);
}

function printTable(table: ServiceTable, comments: SourceIndex<Comments>, dialect: Dialect): string {
  const { name, typeName, path, deprecated, file } = table.service;
  const doc = jsDoc(
    [
      `Access policy of service ${typeName}.`,
      commentText(comments.get(path)),
      `@generated from service ${typeName}${deprecated || file.deprecated ? "\n@deprecated" : ""}`,
    ],
    "",
  );
  const constants = [
    doc + dialect.constant(`${name}Policy`, tableData(table, comments)),
    `/** Methods of ${typeName} that skip authentication. */\n` +
      dialect.constant(`${name}PublicMethods`, methodsWith(table, "public")),
    `/** Methods of ${typeName} for trusted internal callers only. */\n` +
      dialect.constant(`${name}InternalMethods`, methodsWith(table, "internal")),
  ];
  return constants.join("\n");
}

function tableData({ service, rows }: ServiceTable, comments: SourceIndex<Comments>): Data {
  const methods = rows.map((row): Entry => ({ key: row.method.name, value: rowData(row), doc: rowDoc(row, comments) }));
  return object([
    { key: "typeName", value: service.typeName },
    { key: "methods", value: object(methods) },
  ]);
}

/** Methods of a table with one access, as `pkg.v1.Service/Method`. */
export function methodsWith({ service, rows }: ServiceTable, access: Row["access"]): readonly string[] {
  return rows.filter((row) => row.access === access).map(({ method }) => `${service.typeName}/${method.name}`);
}

function rowData({ access, roles, scopes }: Row): Data {
  const entries: Entry[] = [{ key: "access", value: access }];
  if (access === "requires" || access === "internal") {
    entries.push({ key: "roles", value: roles }, { key: "scopes", value: scopes });
  }
  return { entries, multiline: false };
}

function rowDoc(row: Row, comments: SourceIndex<Comments>): string {
  const { method } = row;
  return jsDoc(
    [
      describe(row),
      commentText(comments.get(method.path)),
      `@generated from rpc ${method.service.typeName}.${method.name}${method.deprecated ? "\n@deprecated" : ""}`,
    ],
    "    ",
  );
}

function object(entries: readonly Entry[]): Data {
  return { entries, multiline: true };
}
