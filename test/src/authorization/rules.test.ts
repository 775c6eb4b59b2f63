import { type AuthzRule, createAuthzInterceptor, createProtoAuthzInterceptor } from "@connectum/auth";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { as, inProcess, outcome } from "./callers.js";

const policies = [AccessServicePolicy, EchoServicePolicy];
const rule = (effect: AuthzRule["effect"], methods: string[], requires?: AuthzRule["requires"]): AuthzRule => ({
  name: `${effect} ${methods}`,
  effect,
  methods,
  ...(requires && { requires }),
});

afterEach(() => vi.restoreAllMocks());

describe("rules decide where the schema says nothing, the first that matches the method and the caller", () => {
  const everything = rule("allow", ["*"]);
  const editors = { roles: ["editor", "admin"] };
  test.each<{ name: string; rules: AuthzRule[]; caller: string | undefined; want: string }>([
    { name: "no rule", rules: [], caller: "right", want: "PermissionDenied" },
    { name: "a rule for anybody, anonymous", rules: [everything], caller: undefined, want: "ok" },
    {
      name: "a rule for another method",
      rules: [rule("allow", ["lab.v1.*/Unspec"])],
      caller: "right",
      want: "PermissionDenied",
    },
    {
      name: "the method by name",
      rules: [rule("allow", ["lab.v1.AccessService/Unspecified"])],
      caller: "right",
      want: "ok",
    },
    { name: "the method by prefix", rules: [rule("allow", ["lab.v1.AccessService/Un*"])], caller: "right", want: "ok" },
    { name: "the service", rules: [rule("allow", ["lab.v1.AccessService/*"])], caller: "right", want: "ok" },
    { name: "the package", rules: [rule("allow", ["lab.v1.*/*"])], caller: "right", want: "ok" },
    { name: "the package above", rules: [rule("allow", ["lab.*/*"])], caller: "right", want: "ok" },
    {
      name: "a package that only begins alike",
      rules: [rule("allow", ["la.*/*"])],
      caller: "right",
      want: "PermissionDenied",
    },
    { name: "deny before allow", rules: [rule("deny", ["*"]), everything], caller: "right", want: "PermissionDenied" },
    { name: "allow before deny", rules: [everything, rule("deny", ["*"])], caller: "right", want: "ok" },
    { name: "one of the roles", rules: [rule("allow", ["*"], editors)], caller: "right", want: "ok" },
    { name: "none of the roles", rules: [rule("allow", ["*"], editors)], caller: "wrong", want: "PermissionDenied" },
    { name: "roles, anonymous", rules: [rule("allow", ["*"], editors)], caller: undefined, want: "Unauthenticated" },
    {
      name: "roles, anonymous, with a rule for anybody after it",
      rules: [rule("deny", ["*"], editors), everything],
      caller: undefined,
      want: "Unauthenticated",
    },
    {
      name: "requires that asks for nothing, anonymous",
      rules: [rule("allow", ["*"], {})],
      caller: undefined,
      want: "Unauthenticated",
    },
    { name: "requires that asks for nothing, anybody", rules: [rule("allow", ["*"], {})], caller: "wrong", want: "ok" },
    {
      name: "all scopes",
      rules: [rule("allow", ["*"], { scopes: ["lab:read", "lab:write"] })],
      caller: "right",
      want: "ok",
    },
    {
      name: "some scopes",
      rules: [rule("allow", ["*"], { scopes: ["lab:read", "lab:write"] })],
      caller: "wrong",
      want: "PermissionDenied",
    },
    {
      name: "deny whom it is for",
      rules: [rule("deny", ["*"], { roles: ["guest"] }), everything],
      caller: "wrong",
      want: "PermissionDenied",
    },
    {
      name: "deny not whom it is not for",
      rules: [rule("deny", ["*"], { roles: ["guest"] }), everything],
      caller: "right",
      want: "ok",
    },
  ])("$name", async ({ rules, caller, want }) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { access, plain } = inProcess(createProtoAuthzInterceptor({ policies, rules }));
    expect(await outcome(access.unspecified({}, { headers: as(caller) }))).toBe(want);
    // The same without a table, where the method is meant: one evaluator decides.
    if (rules.some(({ methods }) => methods.includes("*"))) {
      expect(await outcome(plain.get({}, { headers: as(caller) }))).toBe(want);
      const bare = inProcess(createAuthzInterceptor({ rules }));
      expect(await outcome(bare.plain.get({}, { headers: as(caller) }))).toBe(want);
    }
  });

  test("a rule never opens what a table closes, and never closes what a table opens", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const opened = inProcess(createProtoAuthzInterceptor({ policies, rules: [everything], defaultPolicy: "allow" }));
    expect(await outcome(opened.access.deny({}, { headers: as("admin") }))).toBe("PermissionDenied");
    expect(await outcome(opened.access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
    expect(await outcome(opened.access.internal({}, { headers: as("admin") }))).toBe("PermissionDenied");
    const closed = inProcess(createProtoAuthzInterceptor({ policies, rules: [rule("deny", ["*"])] }));
    expect(await outcome(closed.access.role({}, { headers: as("right") }))).toBe("ok");
    expect(await outcome(closed.access.public({}))).toBe("ok");
  });

  test("a method that its table lacks is denied, whatever the rules say", async () => {
    const { Role: _, ...methods } = AccessServicePolicy.methods;
    const stale = { ...AccessServicePolicy, methods };
    const interceptor = createProtoAuthzInterceptor({ policies: [stale], rules: [everything], defaultPolicy: "allow" });
    const { access } = inProcess(interceptor);
    expect(await outcome(access.role({}, { headers: as("right") }))).toBe("PermissionDenied");
    expect(await outcome(access.scope({}, { headers: as("right") }))).toBe("ok");
  });

  test("skipMethods lets through without a decision", async () => {
    const { plain, access } = inProcess(createAuthzInterceptor({ skipMethods: ["lab.v1.PlainService/*"] }));
    expect(await outcome(plain.get({}))).toBe("ok");
    expect(await outcome(access.public({}))).toBe("PermissionDenied");
  });
});

describe("a pattern that can decide nothing is named when the interceptor is created", () => {
  test.each([
    { pattern: "lab.v1.AccessService/Unspecifed", says: "matches no method" },
    { pattern: "lab.v1.AcessService/*", says: "matches no method" },
    { pattern: "lab.v2.*/*", says: "matches no method" },
    { pattern: "lab.v1.AccessService/Delete*", says: "matches no method" },
    { pattern: "lab.v1.AccessService/Role", says: "is unreachable: the tables decide" },
    { pattern: "lab.v1.EchoService/*", says: "is unreachable: the tables decide" },
    { pattern: "lab.v1.AccessService/Unspecified", says: undefined },
    { pattern: "lab.v1.AccessService/*", says: undefined },
    { pattern: "lab.v1.*/*", says: undefined },
    { pattern: "*", says: undefined },
  ])("$pattern", ({ pattern, says }) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    createProtoAuthzInterceptor({ policies, rules: [{ name: "freeze", effect: "deny", methods: [pattern] }] });
    expect(warn.mock.calls).toEqual(
      says === undefined ? [] : [[expect.stringContaining(`rule freeze: "${pattern}" ${says}`)]],
    );
  });

  test("without tables there is nothing to compare with", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    createAuthzInterceptor({ rules: [{ name: "freeze", effect: "deny", methods: ["no.such.Service/*"] }] });
    expect(warn).not.toHaveBeenCalled();
  });
});
