import { runInNewContext } from "node:vm";
import { authorizeMethods, createAuth, createAuthzInterceptor, createProtoAuthzInterceptor } from "@connectum/auth";
import { createPolicyIndex } from "@connectum/auth/policy";
import { describe, expect, test, vi } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";
import { userScheme } from "./callers.js";

const rule = { name: "r", methods: ["*"], effect: "allow" };
const options: readonly { name: string; options: object; message: string }[] = [
  { name: "defaultPolicy in capitals", options: { defaultPolicy: "Deny" }, message: "defaultPolicy" },
  { name: "defaultPolicy empty", options: { defaultPolicy: "" }, message: "defaultPolicy" },
  { name: "defaultPolicy null", options: { defaultPolicy: null }, message: "defaultPolicy" },
  { name: "effect in capitals", options: { rules: [{ ...rule, effect: "DENY" }] }, message: "rules[0] (r).effect" },
  { name: "effect missing", options: { rules: [{ name: "r", methods: ["*"] }] }, message: "rules[0] (r).effect" },
  {
    name: "rule without a name",
    options: { rules: [{ ...rule, name: "" }] },
    message: "rules[0].name: expected a non-empty string",
  },
  { name: "rule without methods", options: { rules: [{ ...rule, methods: [] }] }, message: "rules[0] (r).methods" },
  { name: "rule with one method", options: { rules: [{ ...rule, methods: "*" }] }, message: "rules[0] (r).methods" },
  { name: "rule that is null", options: { rules: [null] }, message: "rules[0]: expected a plain object, got null" },
  {
    name: "rule with require",
    options: { rules: [{ ...rule, require: {} }] },
    message: "require: unknown option of rules[0] (r). Did you mean requires?",
  },
  {
    name: "requires with role",
    options: { rules: [{ ...rule, requires: { role: ["a"] } }] },
    message: "role: unknown option of rules[0] (r).requires. Did you mean roles?",
  },
  { name: "requires a string", options: { rules: [{ ...rule, requires: "admin" }] }, message: "rules[0] (r).requires" },
  { name: "requires null", options: { rules: [{ ...rule, requires: null }] }, message: "rules[0] (r).requires" },
  ...[[], new Set(["admin"]), Promise.resolve({ roles: ["admin"] }), () => ({ roles: ["admin"] })].map((requires) => ({
    name: `requires ${{}.toString.call(requires)}`,
    options: { rules: [{ ...rule, requires }] },
    message: "rules[0] (r).requires: expected a plain object",
  })),
  {
    name: "requires undefined",
    options: { rules: [{ ...rule, requires: undefined }] },
    message: "rules[0] (r).requires",
  },
  {
    name: "roles of requires undefined",
    options: { rules: [{ ...rule, requires: { roles: undefined } }] },
    message: "rules[0] (r).requires.roles: expected a list of non-empty strings, got undefined",
  },
  {
    name: "scopes of requires undefined",
    options: { rules: [{ ...rule, requires: { scopes: undefined } }] },
    message: "rules[0] (r).requires.scopes: expected a list of non-empty strings, got undefined",
  },
  { name: "rules undefined", options: { rules: undefined }, message: "rules: expected a list, got undefined" },
  { name: "checks undefined", options: { checks: undefined }, message: "checks: expected a list, got undefined" },
  { name: "authorize undefined", options: { authorize: undefined }, message: "authorize: expected a function" },
  { name: "roles a string", options: { rules: [{ ...rule, requires: { roles: "a" } }] }, message: "requires.roles" },
  { name: "an empty scope", options: { rules: [{ ...rule, requires: { scopes: [""] } }] }, message: "requires.scopes" },
  { name: "rules no list", options: { rules: rule }, message: "rules: expected a list" },
  { name: "authorize no function", options: { authorize: true }, message: "authorize: expected a function" },
  { name: "matchScope no function", options: { matchScope: "*" }, message: "matchScope: expected a function" },
  { name: "onDecision no function", options: { onDecision: {} }, message: "onDecision: expected a function" },
  { name: "decisionEvents", options: { decisionEvents: "none" }, message: "decisionEvents" },
  { name: "decisionRecords", options: { decisionRecords: "yes" }, message: "decisionRecords: expected true or false" },
  { name: "trial", options: { trial: {} }, message: "trial: expected the result of createTrial()" },
  { name: "trial null", options: { trial: null }, message: "trial: expected the result of createTrial()" },
  { name: "mode", options: { mode: "Report" }, message: 'mode: expected "enforce" or "report"' },
  { name: "mode null", options: { mode: null }, message: "mode" },
  { name: "checks no list", options: { checks: authorizeMethods(EchoService, {}) }, message: "checks" },
  { name: "checks by hand", options: { checks: [{ unary: () => true }] }, message: "checks" },
  { name: "checks null", options: { checks: [null] }, message: "checks" },
  { name: "an option that does not exist", options: { onDecisions: () => {} }, message: "onDecisions" },
  {
    name: "a role that implies itself",
    options: { roles: { a: ["a"] } },
    message: "roles.a: a implies it",
  },
  {
    name: "roles in a circle",
    options: { roles: { a: ["b"], b: ["c"], c: ["a"] } },
    message: "roles.a: c implies it",
  },
  { name: "roles no lists", options: { roles: { a: "b" } }, message: "roles.a" },
  { name: "roles undefined inside", options: { roles: { a: undefined } }, message: "roles.a" },
  { name: "roles a list", options: { roles: ["a"] }, message: "roles" },
];

describe("a misconfiguration is a TypeError when the interceptor is created, also in plain JavaScript", () => {
  const factories = {
    createProtoAuthzInterceptor: (more: object) =>
      createProtoAuthzInterceptor({ policies: [AccessServicePolicy], ...more }),
    createAuthzInterceptor: (more: object) => createAuthzInterceptor(more),
    createAuth: (more: object) => createAuth({ policies: [AccessServicePolicy], authenticate: userScheme, ...more }),
  };
  describe.each(Object.entries(factories))("%s", (_, create) => {
    test.each(options)("$name", ({ options, message }) => {
      vi.spyOn(console, "warn").mockImplementation(() => {});
      expect(() => create(options)).toThrow(TypeError);
      expect(() => create(options)).toThrow(message);
    });
    test("and without the mistakes it is created", () => expect(create({ rules: [rule] })).toBeDefined());
  });

  test("an option of the other factory", () => {
    const proto: object = { policies: [], skipMethods: ["*"] };
    expect(() => createProtoAuthzInterceptor({ policies: [], ...proto })).toThrow("skipMethods: unknown option");
    expect(() => createAuthzInterceptor({ ...proto })).toThrow("policies: unknown option");
  });

  test("a check for a public method, which has no caller", () => {
    const checks = [authorizeMethods(AccessService, { public: () => true })];
    expect(() => createProtoAuthzInterceptor({ policies: [AccessServicePolicy], checks })).toThrow(
      new TypeError("checks: lab.v1.AccessService/Public is public, and a check needs a caller"),
    );
    expect(() => createAuthzInterceptor({ skipMethods: ["lab.v1.*/*"], checks })).toThrow(TypeError);
  });

  test.each<{ name: string; checks: object; message: string }>([
    { name: "a method that does not exist", checks: { unnary: () => true }, message: "lab.v1.EchoService.unnary" },
    { name: "the name in the schema", checks: { Unary: () => true }, message: "lab.v1.EchoService.Unary" },
    { name: "a name every object has", checks: { toString: () => true }, message: "lab.v1.EchoService.toString" },
    { name: "no function", checks: { unary: true }, message: "expected a function" },
    { name: "undefined", checks: { unary: undefined }, message: "expected a function" },
    { name: "stream checks for unary", checks: { unary: { open: () => true } }, message: "expected a function" },
    {
      name: "stream checks misspelled",
      checks: { bidiStream: { each: () => true } },
      message: "each: unknown option of authorizeMethods: lab.v1.EchoService.bidiStream",
    },
    { name: "stream check no function", checks: { bidiStream: { message: true } }, message: "bidiStream.message" },
    { name: "stream check undefined", checks: { bidiStream: { message: undefined } }, message: "bidiStream.message" },
    { name: "opening check undefined", checks: { bidiStream: { open: undefined } }, message: "bidiStream.open" },
    { name: "a stream's check no function", checks: { bidiStream: true }, message: "expected a function" },
    { name: "a stream's check undefined", checks: { bidiStream: undefined }, message: "expected a function" },
    { name: "opening check no function", checks: { bidiStream: { open: true } }, message: "bidiStream.open" },
  ])("authorizeMethods: $name", ({ checks, message }) => {
    expect(() => authorizeMethods(EchoService, { ...checks })).toThrow(TypeError);
    expect(() => authorizeMethods(EchoService, { ...checks })).toThrow(message);
  });
});

describe("authorizeMethods takes a plain object: what else has methods would be checks that nobody sees", () => {
  class Checks {
    unary() {
      return false;
    }
  }
  const plain = { unary: () => false };
  test.each<{ name: string; checks: object }>([
    { name: "a class", checks: new Checks() },
    { name: "an object that inherits", checks: Object.create(plain) },
    { name: "a promise", checks: Promise.resolve(plain) },
    { name: "a map", checks: new Map(Object.entries(plain)) },
    { name: "a list", checks: [] },
    { name: "a function", checks: () => plain },
  ])("$name", ({ checks }) => {
    expect(() => authorizeMethods(EchoService, checks)).toThrow(
      /^authorizeMethods: lab.v1.EchoService: expected a plain object, got (a list|a function|an instance of a class)$/,
    );
  });
  test.each<{ name: string; checks: object }>([
    { name: "as it is written", checks: plain },
    { name: "without a prototype", checks: Object.assign(Object.create(null), plain) },
    { name: "of another realm", checks: runInNewContext("({ unary: () => false })") },
  ])("and so it does: $name", ({ checks }) => {
    const skipMethods = ["lab.v1.EchoService/*"];
    const create = () => createAuthzInterceptor({ skipMethods, checks: [authorizeMethods(EchoService, checks)] });
    expect(create).toThrow(new TypeError("checks: lab.v1.EchoService/Unary is public, and a check needs a caller"));
  });
});

describe("a pattern that can match nothing is a TypeError", () => {
  const bad = [
    "",
    "/",
    "a",
    "a.B",
    "/a.B/C",
    "a.B/",
    "/C",
    "a..B/C",
    ".a/C",
    "a./C",
    "a.B/*C",
    "a.B/C/D",
    "a.B*/C",
    "**",
    "*.B/C",
    "a.*.C/D",
    "a B/C",
    "a.B/C ",
    " *",
    "a.B/C**",
    "a.B.C",
    5,
    null,
    undefined,
    ["*"],
  ];
  test.each(bad.map((pattern) => ({ pattern })))("$pattern", ({ pattern }) => {
    const rules: object = { rules: [{ ...rule, methods: [pattern] }] };
    expect(() => createAuthzInterceptor(rules)).toThrow(TypeError);
    expect(() => createAuthzInterceptor(rules)).toThrow("is not a method pattern");
  });
  const good = ["*", "*/*", "*/Get*", "a.v1.*/*", "a.v1.B/*", "a.v1.B/Get*", "a.v1.B/Get", "B/Get", "a_1.B_2/C_3"];
  test.each(good.map((pattern) => ({ pattern })))("$pattern", ({ pattern }) => {
    const rules: object = { rules: [{ ...rule, methods: [pattern] }] };
    expect(createAuthzInterceptor(rules)).toBeTypeOf("function");
  });
});

test.each<[string, (options: object) => unknown]>([
  ["createProtoAuthzInterceptor", (options) => createProtoAuthzInterceptor(options as { policies: [] })],
  ["createAuthzInterceptor", createAuthzInterceptor],
])("%s refuses options that are inherited, which would not be seen", (name, create) => {
  const right = { rules: [rule], ...(name === "createProtoAuthzInterceptor" && { policies: [] }) };
  class Options {
    get rules() {
      return right.rules;
    }
  }
  for (const options of [new Options(), Object.create(right), [], undefined]) {
    expect(() => create(options)).toThrow(`${name}: expected a plain object`);
  }
  for (const options of [right, Object.assign(Object.create(null), right), runInNewContext("({ policies: [] })")]) {
    if (name === "createAuthzInterceptor") delete options.policies;
    expect(() => create(options)).not.toThrow();
  }
});

describe("a malformed table is a TypeError", () => {
  const row = { access: "requires", roles: ["a"], scopes: [] };
  const tables: readonly { name: string; policies: unknown }[] = [
    { name: "no tables", policies: undefined },
    { name: "a table, not a list", policies: AccessServicePolicy },
    { name: "a string", policies: "policies" },
    { name: "a module that lacks the table", policies: [undefined] },
    { name: "the generated service", policies: [AccessService] },
    { name: "no name", policies: [{ typeName: 5, methods: {} }] },
    { name: "no methods", policies: [{ typeName: "a.B" }] },
    { name: "two tables for a service", policies: [AccessServicePolicy, AccessServicePolicy] },
    { name: "a member that is not known", policies: [{ typeName: "a.B", methods: {}, restricted: true }] },
    { name: "no row", policies: [{ typeName: "a.B", methods: { C: undefined } }] },
    { name: "access in capitals", policies: [{ typeName: "a.B", methods: { C: { access: "Deny" } } }] },
    { name: "access inherited", policies: [{ typeName: "a.B", methods: { C: { access: "toString" } } }] },
    { name: "roles missing", policies: [{ typeName: "a.B", methods: { C: { access: "requires", scopes: [] } } }] },
    { name: "role for roles", policies: [{ typeName: "a.B", methods: { C: { ...row, role: "a" } } }] },
    { name: "an empty role", policies: [{ typeName: "a.B", methods: { C: { ...row, roles: [""] } } }] },
    { name: "a hole in roles", policies: [{ typeName: "a.B", methods: { C: { ...row, roles: new Array(1) } } }] },
    {
      name: "a malformed __proto__",
      policies: JSON.parse('[{"typeName":"a.B","methods":{"__proto__":{"access":"x"}}}]'),
    },
    { name: "roles a string", policies: [{ typeName: "a.B", methods: { C: { ...row, roles: "a" } } }] },
    { name: "scopes of numbers", policies: [{ typeName: "a.B", methods: { C: { ...row, scopes: [1] } } }] },
    { name: "public with roles", policies: [{ typeName: "a.B", methods: { C: { ...row, access: "public" } } }] },
    {
      name: "allow with a demand it does not know",
      policies: [{ typeName: "a.B", methods: { C: { access: "allow", mfa: true } } }],
    },
  ];
  test.each(tables)("$name", ({ policies }) => {
    const options = { policies } as { policies: [] };
    expect(() => createProtoAuthzInterceptor(options)).toThrow(TypeError);
    expect(() => createPolicyIndex(options.policies)).toThrow(/^policies/);
  });
  test("and a table of outlandish names is none", () => {
    const methods = Object.fromEntries(
      ["__proto__", "constructor"].map((name) => [name, { access: "public" as const }]),
    );
    const index = createPolicyIndex([{ typeName: "__proto__", methods }]);
    expect(index.lookup("__proto__", "__proto__")).toEqual({ access: "public" });
    expect(index.lookup("__proto__", "toString")).toEqual({ access: "deny" });
    expect(index.lookup("constructor", "constructor")).toBeUndefined();
  });
});
