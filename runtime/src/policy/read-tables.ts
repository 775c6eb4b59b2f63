import { isNameList } from "./name-list.js";
import type { MethodPolicy, ServicePolicy } from "./service-policy.js";

/**
 * Checks tables and returns frozen copies: later changes have no effect.
 *
 * @throws TypeError for anything but generated tables. The message names the value and the right import.
 */
export function readTables<T extends ServicePolicy>(policies: Iterable<T>): T[] {
  // A string is iterable too.
  if (typeof policies === "string" || !Object(policies)[Symbol.iterator]) throw notTables("policies", policies);
  return Array.from(policies, (policy, i) => {
    checkTable(policy, `policies[${i}]`);
    const { typeName, methods } = policy;
    const rows = Object.entries(methods).map(([method, row]) => {
      const copy = readRow(row);
      if (copy === undefined) throw new TypeError(`policies: ${typeName}/${method}: not a row ${JSON.stringify(row)}`);
      return [method, copy] as const;
    });
    return Object.freeze({ typeName, methods: Object.freeze(Object.fromEntries(rows)) }) as T;
  });
}

/** @throws TypeError for a value without the members of a table. */
export function checkTable(table: ServicePolicy, where: string): void {
  if (!isTable(table)) throw notTables(where, table);
}

function isTable(value: unknown): boolean {
  const { typeName, methods } = Object(value);
  return (
    typeof typeName === "string" && Object(methods) === methods && !Array.isArray(methods) && countMembers(value) === 2
  );
}

/** Returns undefined for an invalid row. An unknown member may be a requirement, so it makes the row invalid. */
function readRow(row: unknown): MethodPolicy | undefined {
  // Copies own members. Inherited ones count below, and make the row invalid.
  const { access, roles, scopes } = { ...Object(row) };
  const members = countMembers(row);
  if (["public", "allow", "unspecified", "deny"].includes(access)) {
    return members === 1 ? Object.freeze({ access }) : undefined;
  }
  if (members !== 3 || !["internal", "requires"].includes(access)) return undefined;
  const lists = [roles, scopes].map((list) => Array.isArray(list) && Object.freeze([...list]));
  return lists.every(isNameList)
    ? Object.freeze({ access, roles: lists[0] as string[], scopes: lists[1] as string[] })
    : undefined;
}

// A loop: it runs once, uncompiled, over very many rows.
function countMembers(value: unknown): number {
  let count = 0;
  for (const _ in Object(value)) count++;
  return count;
}

/** Creates the error for a value that is no table. It names the value and the right import. */
function notTables(where: string, value: unknown): TypeError {
  const members = Object(value);
  const { kind, typeName } = members;
  const tables = Array.isArray(value) ? [] : Object.keys(members).filter((name) => isTable(members[name]));
  // A table is named after the last part of its service.
  const name = typeof typeName === "string" ? `${typeName.split(".").pop()}Policy` : String(tables) || "XServicePolicy";
  let got: string = value === null ? "null" : typeof value;
  if (kind === "service") got = `the descriptor of ${typeName}`;
  else if (isTable(value)) got = `a table outside a list, [${name}]`;
  else if (Array.isArray(value)) got = "a list in a list";
  else if (tables.length > 0 || members.policies) got = "a module";
  return new TypeError(
    `${where}: expected generated tables, got ${got}; write ${name} of its _auth file, or policies of the registry file`,
  );
}
