import { isNameList } from "./name-list.js";
import type { MethodPolicy, ServicePolicy } from "./service-policy.js";

/**
 * Checks tables and copies them, so that what changes later has no effect. The copies are frozen.
 *
 * @throws TypeError for what is not a generated table: it says what it is, and what to import.
 */
export function readTables<T extends ServicePolicy>(policies: Iterable<T>): T[] {
  // The parts of a string are no tables.
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

/** @throws TypeError, as {@link readTables} does, for what does not have the members of a table. */
export function checkTable(table: ServicePolicy, where: string): void {
  if (!isTable(table)) throw notTables(where, table);
}

function isTable(value: unknown): boolean {
  const { typeName, methods } = Object(value);
  return (
    typeof typeName === "string" && Object(methods) === methods && !Array.isArray(methods) && countMembers(value) === 2
  );
}

/** A member that is not known could be a demand: a row that has one is refused. */
function readRow(row: unknown): MethodPolicy | undefined {
  // Own members; those that are inherited count, and so refuse the row.
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

// A loop: a table is checked once, before anything is compiled, and there can be very many rows.
function countMembers(value: unknown): number {
  let count = 0;
  for (const _ in Object(value)) count++;
  return count;
}

/** Says what was given instead of tables, and what to write. */
function notTables(where: string, value: unknown): TypeError {
  const members = Object(value);
  const { kind, typeName } = members;
  const tables = Array.isArray(value) ? [] : Object.keys(members).filter((name) => isTable(members[name]));
  // By its last word, a table has the name of its service.
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
