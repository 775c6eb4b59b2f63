import { createAuth, createProtoAuthzInterceptor, type ServicePolicy } from "@connectum/auth";
import { createClientBearerInterceptor } from "@connectum/auth/client";
import { can, createPolicyIndex, getInternalMethods, getPublicMethods } from "@connectum/auth/policy";
import { checkCoverage } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { userScheme } from "../authorization/callers.js";
import * as tablesModule from "../gen/lab/v1/lab_auth.js";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService, file_lab_v1_lab } from "../gen/lab/v1/lab_pb.js";

/** Every function that takes tables. */
const takers: Readonly<Record<string, (policies: never) => unknown>> = {
  createAuth: (policies) => createAuth({ policies, authenticate: userScheme }),
  createProtoAuthzInterceptor: (policies) => createProtoAuthzInterceptor({ policies }),
  createPolicyIndex,
  getPublicMethods,
  getInternalMethods,
  checkCoverage: (policies) => checkCoverage(policies, []),
  createClientBearerInterceptor: (policies) => createClientBearerInterceptor({ token: "t", policies }),
};

const registry = { policies: [EchoServicePolicy] };
const wrong: readonly { name: string; given: unknown; message: RegExp }[] = [
  { name: "undefined", given: undefined, message: /got undefined/ },
  { name: "null", given: null, message: /got null/ },
  { name: "a string", given: "EchoServicePolicy", message: /got string/ },
  { name: "a promise of a module", given: Promise.resolve(tablesModule), message: /got object/ },
  { name: "one table", given: EchoServicePolicy, message: /got a table outside a list, \[EchoServicePolicy\]/ },
  { name: "a descriptor", given: EchoService, message: /descriptor of lab\.v1\.EchoService; write EchoServicePolicy/ },
  { name: "descriptors", given: [EchoService], message: /policies\[0\].*descriptor of lab\.v1\.EchoService/ },
  { name: "a descriptor of a file", given: [file_lab_v1_lab], message: /policies\[0\]/ },
  { name: "undefined in the list", given: [EchoServicePolicy, undefined], message: /policies\[1\].*got undefined/ },
  { name: "a module", given: tablesModule, message: /got a module; write .*EchoServicePolicy/ },
  {
    name: "a module in the list",
    given: [tablesModule],
    message: /policies\[0\].*got a module; write .*EchoServicePolicy/,
  },
  { name: "the registry's module", given: registry, message: /got a module; .*policies of the registry file/ },
  { name: "the registry's module in the list", given: [registry], message: /policies\[0\].*got a module/ },
  { name: "a list in the list", given: [registry.policies], message: /policies\[0\].*got a list in a list/ },
  { name: "a list of method names", given: tablesModule.EchoServicePublicMethods, message: /got string/ },
];

describe.each(Object.entries(takers))("%s", (_, take) => {
  test.each(wrong)("refuses $name, and says what to write", ({ given, message }) => {
    expect(() => take(given as never)).toThrow(TypeError);
    expect(() => take(given as never)).toThrow(message);
  });
  test.each([
    { name: "tables", given: [EchoServicePolicy] },
    { name: "the registry's list", given: registry.policies },
    { name: "none", given: [] },
  ])("takes $name", ({ given }) => {
    expect(() => take(given as never)).not.toThrow();
  });
});

test("can() refuses what is not a table, where its answer would be no for ever", () => {
  expect(can(EchoServicePolicy, "PublicUnary", undefined)).toBe(true);
  for (const given of [undefined, null, EchoService, tablesModule, registry, [EchoServicePolicy]]) {
    expect(() => can(given as unknown as typeof EchoServicePolicy, "PublicUnary", undefined)).toThrow(TypeError);
  }
});

describe("a table is read once", () => {
  interface Row {
    access: string;
    roles?: string[];
    scopes?: string[];
  }
  const createTable = () => ({
    typeName: "a.B",
    methods: {
      Denied: { access: "deny" } as Row,
      Role: { access: "requires", roles: ["admin"], scopes: ["x"] } as Row,
      Internal: { access: "internal", roles: ["admin"], scopes: [] } as Row,
      Public: { access: "public" } as Row,
    } as Record<string, Row>,
  });
  type Table = ReturnType<typeof createTable>;
  const changes: Readonly<Record<string, (table: Table, list: Table[]) => void>> = {
    "a row's access": ({ methods }) => Object.assign(methods["Denied"] as Row, { access: "public" }),
    "a row that is replaced": ({ methods }) => Object.assign(methods, { Role: { access: "public" } }),
    "a row more": ({ methods }) => Object.assign(methods, { New: { access: "public" } }),
    "a row less": ({ methods }) => void delete methods["Denied"],
    "roles that are emptied": ({ methods }) => void methods["Role"]?.roles?.splice(0),
    "a role more": ({ methods }) => void methods["Role"]?.roles?.push("guest"),
    "scopes that are emptied": ({ methods }) => void methods["Role"]?.scopes?.splice(0),
    "roles that are replaced": ({ methods }) => Object.assign(methods["Internal"] as Row, { roles: [] }),
    "roles that are deleted": ({ methods }) => void delete methods["Internal"]?.roles,
    "another prototype": ({ methods }) => void Object.setPrototypeOf(methods, { New: { access: "public" } }),
    "other methods": (table) => Object.assign(table, { methods: { Denied: { access: "public" } } }),
    "another name": (table) => Object.assign(table, { typeName: "a.C" }),
    "a table more": (_, list) => void list.push({ typeName: "a.C", methods: { Denied: { access: "public" } } }),
    "no table": (_, list) => void list.splice(0),
  };
  const read = (index: ReturnType<typeof createPolicyIndex>) =>
    ["a.B", "a.C"].flatMap((service) =>
      ["Denied", "Role", "Internal", "Public", "New"].map((method) => index.lookup(service, method)),
    );

  test.each(Object.entries(changes))("%s has no effect later", (_, change) => {
    const table = createTable();
    const list = [table];
    const index = createPolicyIndex(list as unknown as ServicePolicy[]);
    const before = JSON.stringify([read(index), [...index.services]]);
    change(table, list);
    expect(JSON.stringify([read(index), [...index.services]])).toBe(before);
  });

  test("what the index gives away cannot be changed either", () => {
    const index = createPolicyIndex([createTable()] as unknown as ServicePolicy[]);
    const row = index.lookup("a.B", "Role") as Row;
    for (const change of [
      () => Object.assign(row, { access: "public" }),
      () => row.roles?.push("guest"),
      () => Object.assign(index.services.get("a.B") as object, { Role: { access: "public" } }),
    ]) {
      expect(change).toThrow(TypeError);
    }
  });
});
