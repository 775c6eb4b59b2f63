import type { Caller, MethodPolicy } from "@connectum/auth/policy";
import { can, createPolicyIndex, decide, getInternalMethods, getPublicMethods } from "@connectum/auth/policy";
import { describe, expect, test } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";

const requires = (roles: string[], scopes: string[] = []): MethodPolicy => ({ access: "requires", roles, scopes });
const internal = (roles: string[]): MethodPolicy => ({ access: "internal", roles, scopes: [] });
const caller = (roles: string[], scopes: string[] = []): Caller => ({ roles, scopes });

test.each<{ name: string; row: MethodPolicy; caller: Caller | undefined; want: string }>([
  { name: "public, anonymous", row: { access: "public" }, caller: undefined, want: "allow" },
  { name: "allow, anonymous", row: { access: "allow" }, caller: undefined, want: "allow" },
  { name: "deny", row: { access: "deny" }, caller: caller(["admin"]), want: "deny" },
  { name: "unspecified", row: { access: "unspecified" }, caller: caller(["admin"]), want: "unspecified" },
  { name: "requires nothing, anonymous", row: requires([]), caller: undefined, want: "unauthenticated" },
  { name: "requires nothing, anybody", row: requires([]), caller: caller([]), want: "allow" },
  { name: "one of two roles", row: requires(["a", "b"]), caller: caller(["b"]), want: "allow" },
  { name: "none of two roles", row: requires(["a", "b"]), caller: caller(["c", "A", "ab"]), want: "missing-role" },
  { name: "all scopes", row: requires([], ["x", "y"]), caller: caller([], ["y", "x", "z"]), want: "allow" },
  { name: "one of two scopes", row: requires([], ["x", "y"]), caller: caller([], ["x"]), want: "missing-scope" },
  { name: "role but no scope", row: requires(["a"], ["x"]), caller: caller(["a"]), want: "missing-scope" },
  { name: "scope but no role", row: requires(["a"], ["x"]), caller: caller([], ["x"]), want: "missing-role" },
  { name: "internal, anonymous", row: internal([]), caller: undefined, want: "unauthenticated" },
  { name: "internal, a user", row: internal([]), caller: caller(["a"]), want: "not-internal" },
  { name: "internal, a service", row: internal([]), caller: { ...caller([]), internal: true }, want: "allow" },
  {
    name: "internal with a role, without",
    row: internal(["a"]),
    caller: { ...caller([]), internal: true },
    want: "missing-role",
  },
  {
    name: "internal with a role, with",
    row: internal(["a"]),
    caller: { ...caller(["a"]), internal: true },
    want: "allow",
  },
])("$name", ({ row, caller, want }) => {
  const decision = decide(row, caller);
  expect(decision.kind === "denied" ? decision.reason : decision.kind).toBe(want);
  if (caller === undefined) return;
  const sets = { ...caller, roles: new Set(caller.roles), scopes: new Set(caller.scopes) };
  expect(decide(row, sets)).toEqual(decision);
});

test.each<{ name: string; row: unknown; caller?: unknown }>([
  { name: "an access it does not know", row: { access: "Public" } },
  { name: "no access", row: {} },
  { name: "internal by another word", row: internal([]), caller: { roles: [], scopes: [], internal: "true" } },
  { name: "a string for roles", row: requires(["a"]), caller: { roles: "a", scopes: [] } },
  { name: "no roles", row: requires(["a"]), caller: {} },
  { name: "something like a set", row: requires(["a"]), caller: { roles: { has: () => true }, scopes: [] } },
])("what is malformed is denied: $name", ({ row, caller = { roles: ["a"], scopes: [] } }) => {
  expect(decide(row as MethodPolicy, caller as Caller).kind).toBe("denied");
});

test("why: an access it does not know is closed like one that says so", () => {
  for (const access of ["Public", "deny", "toString", undefined]) {
    expect(decide({ access } as MethodPolicy, caller(["a"]))).toEqual({ kind: "denied", reason: "deny" });
  }
});

test.each<{ name: string; caller: unknown }>([
  { name: "null", caller: null },
  { name: "false", caller: false },
  { name: "an empty name", caller: "" },
])("without types, nobody is still nobody: $name", ({ caller }) => {
  for (const row of [requires([]), requires(["a"]), internal([])]) {
    expect(decide(row, caller as Caller)).toEqual({ kind: "unauthenticated" });
  }
  expect(decide({ access: "public" }, caller as Caller)).toEqual({ kind: "allow" });
  for (const method of ["Authenticated", "Allow", "Role"] as const) {
    expect(can(AccessServicePolicy, method, caller as undefined)).toBe(false);
  }
  expect(can(AccessServicePolicy, "Public", caller as undefined)).toBe(true);
});

describe("matchScope is asked about the scopes that a caller has", () => {
  const covers = (required: string, granted: string) => required.startsWith(granted);
  test.each<{ name: string; scopes: unknown; want: string }>([
    { name: "in a list", scopes: ["orders"], want: "allow" },
    { name: "in a set", scopes: new Set(["orders"]), want: "allow" },
    { name: "others", scopes: ["users"], want: "denied" },
    { name: "none", scopes: [], want: "denied" },
    { name: "the letters of a string", scopes: "orders", want: "denied" },
    { name: "the keys of a map", scopes: new Map([["orders", true]]).keys(), want: "denied" },
    { name: "not there", scopes: undefined, want: "denied" },
  ])("$name: $want", ({ scopes, want }) => {
    const holder = { roles: [], scopes } as unknown as Caller;
    expect(decide(requires([], ["orders:read", "orders:write"]), holder, covers).kind).toBe(want);
    expect(decide(requires([], []), holder, covers).kind).toBe("allow");
  });
});

describe("can() answers for a user interface", () => {
  test.each([
    { method: "Public", caller: undefined, want: true },
    { method: "Allow", caller: undefined, want: false },
    { method: "Allow", caller: {}, want: true },
    { method: "Authenticated", caller: undefined, want: false },
    { method: "Authenticated", caller: {}, want: true },
    { method: "Role", caller: { roles: ["guest"] }, want: false },
    { method: "Role", caller: { roles: ["editor"] }, want: true },
    { method: "Scope", caller: { scopes: ["lab:read"] }, want: false },
    { method: "Scope", caller: { scopes: ["lab:read", "lab:write"] }, want: true },
    { method: "Deny", caller: { roles: ["admin"] }, want: false },
    { method: "Internal", caller: { roles: ["admin"] }, want: false },
    { method: "Unspecified", caller: { roles: ["admin"] }, want: false },
  ] as const)("$method: $want", ({ method, caller, want }) => {
    expect(can(AccessServicePolicy, method, caller)).toBe(want);
  });
  test("a name that every object has is no method", () => {
    const policy: { typeName: string; methods: Record<string, MethodPolicy> } = AccessServicePolicy;
    for (const method of ["toString", "constructor", "__proto__", "role", ""]) {
      expect(can(policy, method, { roles: ["admin", "editor"] })).toBe(false);
    }
  });
});

test("the lists of methods come from the tables, in their order", () => {
  const policies = [EchoServicePolicy, AccessServicePolicy];
  expect(getPublicMethods(policies)).toEqual([
    "lab.v1.EchoService/PublicUnary",
    "lab.v1.EchoService/PublicServerStream",
    "lab.v1.AccessService/Public",
  ]);
  expect(getInternalMethods(policies)).toEqual([
    "lab.v1.EchoService/InternalUnary",
    "lab.v1.AccessService/Internal",
    "lab.v1.AccessService/InternalRole",
  ]);
});

test("the index knows a table's rows, a row that is missing, and a service without a table", () => {
  const index = createPolicyIndex([AccessServicePolicy]);
  expect(index.lookup("lab.v1.AccessService", "Public")).toEqual({ access: "public" });
  expect(index.lookup("lab.v1.AccessService", "Publik")).toEqual({ access: "deny" });
  expect(index.lookup("lab.v1.EchoService", "Unary")).toBeUndefined();
  expect([...index.services.keys()]).toEqual(["lab.v1.AccessService"]);
});
