import type { PolicyCondition } from "./condition.js";
import { isNameList } from "./name-list.js";
import type { PolicyResource } from "./resource.js";
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
  const { access, ...members } = { ...Object(row) };
  const kind = kinds.find(({ accesses }) => accesses.includes(access));
  if (kind === undefined || kind.required.some((name) => !(name in members))) return undefined;
  const copy: Record<string, unknown> = { access };
  for (const [name, value] of Object.entries(members)) {
    const read = kind.members.includes(name) ? readMember[name as keyof typeof readMember] : undefined;
    const member = read?.(value);
    if (member === undefined) return undefined;
    copy[name] = member;
  }
  return countMembers(row) === Object.keys(copy).length ? (Object.freeze(copy) as unknown as MethodPolicy) : undefined;
}

/** The members of a row, by its access. */
const kinds: readonly {
  readonly accesses: readonly unknown[];
  readonly required: readonly string[];
  readonly members: readonly string[];
}[] = [
  { accesses: ["public", "deny"], required: [], members: [] },
  { accesses: ["allow", "unspecified"], required: [], members: ["credentials", "resource", "condition"] },
  {
    accesses: ["requires", "internal"],
    required: ["roles", "scopes"],
    members: [
      ...["roles", "scopes", "permissions", "anyPermissions", "acr", "maxAgeSeconds"],
      ...["credentials", "resource", "condition"],
    ],
  },
];

/** Readers of the members of a row. They return frozen copies, or undefined for malformed members. */
const readMember = {
  roles: readNames,
  scopes: readNames,
  permissions: readNames,
  anyPermissions: readNames,
  // An empty list would refuse every caller.
  acr: readSomeNames,
  credentials: readSomeNames,
  maxAgeSeconds: (value: unknown) => (Number.isSafeInteger(value) && (value as number) > 0 ? value : undefined),
  resource: (value: unknown) => {
    const { path, of } = Object(value) as PolicyResource;
    const isRight = typeof path === "string" && typeof of === "function" && countMembers(value) === 2;
    return isRight ? Object.freeze({ path, of }) : undefined;
  },
  condition: (value: unknown) => {
    const { cel, holds, admits, readsPermissions } = Object(value) as PolicyCondition;
    const optional = [
      ...(admits === undefined ? [] : [typeof admits]),
      ...(readsPermissions === undefined ? [] : [readsPermissions]),
    ];
    const isRight =
      typeof cel === "string" &&
      typeof holds === "function" &&
      optional.every((member) => member === "function" || member === true) &&
      countMembers(value) === 2 + optional.length;
    return isRight ? Object.freeze({ ...(value as PolicyCondition) }) : undefined;
  },
};

function readNames(value: unknown): readonly string[] | undefined {
  const names = Array.isArray(value) ? Object.freeze([...value]) : undefined;
  return isNameList(names) ? names : undefined;
}

function readSomeNames(value: unknown): readonly string[] | undefined {
  const names = readNames(value);
  return names?.length === 0 ? undefined : names;
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
