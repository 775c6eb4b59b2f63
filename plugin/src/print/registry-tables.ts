import { posix } from "node:path";
import type { Row, ServiceTable } from "../merge/tables.js";
import { literal } from "../text/literal.js";
import { tablePath } from "./print-table.js";

/** Prints all tables as one JSON text, one method a line: what changes access is one line of a pull request. */
export function registryJson(tables: readonly ServiceTable[]): string {
  const services = tables.map(({ service, rows }) => {
    const methods = rows.map((row) => `  ${literal(row.method.name)}:${rowJson(row)}`);
    return `{"typeName":${literal(service.typeName)},"methods":{${lines(methods)}}}`;
  });
  return `[${lines(services)}]`;
}

/**
 * Prints the type of all tables. It refers to the files of the same run, which have the literals: a reference to a type
 * is gone when the program runs, so the registry still imports nothing.
 */
export function registryType(registryPath: string, tables: readonly ServiceTable[], importExtension: string): string {
  const types = tables.map(({ service: { file, name } }) => {
    const path = posix.relative(posix.dirname(registryPath), tablePath(file));
    const specifier = path.startsWith("../") ? path : `./${path}`;
    return `  typeof import(${literal(specifier + importExtension)}).${name}Policy`;
  });
  return `readonly [${lines(types)}]`;
}

function rowJson({ access, roles, scopes }: Row): string {
  if (access !== "requires" && access !== "internal") return `{"access":"${access}"}`;
  return `{"access":"${access}","roles":${listJson(roles)},"scopes":${listJson(scopes)}}`;
}

function listJson(names: readonly string[]): string {
  return `[${names.map(literal).join(",")}]`;
}

/** Each on a line of its own, with no comma after the last: JSON has none. */
function lines(items: readonly string[]): string {
  return items.length === 0 ? "" : `\n${items.join(",\n")}\n`;
}
