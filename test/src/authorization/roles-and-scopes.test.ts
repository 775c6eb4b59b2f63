import { Code, ConnectError } from "@connectrpc/connect";
import { type AuthContext, authContextKey, authorizeMethods, can, createProtoAuthzInterceptor } from "@connectum/auth";
import { createRoleHierarchy, type RoleHierarchy } from "@connectum/auth/policy";
import { describe, expect, test, vi } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService } from "../gen/lab/v1/lab_pb.js";
import { as, inProcess, outcome } from "./callers.js";

const policies = [AccessServicePolicy, EchoServicePolicy];

describe("a role implies those below it, in tables and rules", () => {
  test.each<{ name: string; roles: RoleHierarchy | undefined; want: string }>([
    { name: "no hierarchy", roles: undefined, want: "PermissionDenied" },
    { name: "one step", roles: { guest: ["editor"] }, want: "ok" },
    { name: "two steps", roles: { guest: ["member"], member: ["editor"] }, want: "ok" },
    { name: "two ways", roles: { guest: ["a", "b"], a: ["c"], b: ["c"], c: ["editor"] }, want: "ok" },
    { name: "the other way round", roles: { editor: ["guest"] }, want: "PermissionDenied" },
    { name: "another role", roles: { member: ["editor"] }, want: "PermissionDenied" },
    { name: "outlandish names", roles: { guest: ["constructor"], constructor: ["editor"] }, want: "ok" },
    { name: "names every object has", roles: { toString: ["editor"] }, want: "PermissionDenied" },
  ])("$name", async ({ roles, want }) => {
    const hierarchy = roles === undefined ? {} : { roles };
    const rules = [{ name: "editors", effect: "allow" as const, methods: ["*"], requires: { roles: ["editor"] } }];
    const { access } = inProcess(createProtoAuthzInterceptor({ policies, rules, ...hierarchy }));
    expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe(want);
    expect(await outcome(access.unspecified({}, { headers: as("wrong") }))).toBe(want);
    expect(await outcome(access.role({}, { headers: as("right") }))).toBe("ok");
  });

  test("the hierarchy is read once, when the interceptor is created", async () => {
    const roles: Record<string, string[]> = { guest: ["viewer"] };
    const { access } = inProcess(createProtoAuthzInterceptor({ policies, roles }));
    roles["guest"]?.push("editor");
    roles["guest"] = ["admin"];
    expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
  });

  test("a user interface sees the same", () => {
    const expand = createRoleHierarchy({ owner: ["editor"] });
    expect(can(AccessServicePolicy, "Role", { roles: ["owner"] })).toBe(false);
    expect(can(AccessServicePolicy, "Role", { roles: expand(["owner"]) })).toBe(true);
    expect([...expand(["owner", "guest"])]).toEqual(["owner", "guest", "editor"]);
  });

  test("thousands of roles in a row", () => {
    const names = Array.from({ length: 500 }, (_, i) => `r${i}`);
    const roles = Object.fromEntries(names.map((name, i) => [name, names.slice(i + 1, i + 2)]));
    expect(createRoleHierarchy(roles)(["r0"]).size).toBe(500);
    expect(() => createRoleHierarchy({ ...roles, r499: ["r0"] })).toThrow("roles.r0: r499 implies it");
  });
});

describe("scopes are compared for equality, unless matchScope says otherwise", () => {
  const wildcard = (required: string, granted: string) =>
    required === granted || granted === `${required.split(":")[0]}:*`;
  test.each([
    { caller: "admin", matchScope: undefined, want: "PermissionDenied" },
    { caller: "right", matchScope: undefined, want: "ok" },
    { caller: "admin", matchScope: wildcard, want: "ok" },
    { caller: "right", matchScope: wildcard, want: "ok" },
    { caller: "wrong", matchScope: wildcard, want: "PermissionDenied" },
    { caller: "right", matchScope: () => false, want: "PermissionDenied" },
    { caller: "right", matchScope: (() => "yes") as unknown as () => boolean, want: "PermissionDenied" },
    {
      caller: "right",
      matchScope: (() => Promise.resolve(true)) as unknown as () => boolean,
      want: "PermissionDenied",
    },
  ])("$caller: $want", async ({ caller, matchScope, want }) => {
    const rules = [
      { name: "r", effect: "allow" as const, methods: ["*"], requires: { scopes: ["lab:read", "lab:write"] } },
    ];
    const { access } = inProcess(createProtoAuthzInterceptor({ policies, rules, ...(matchScope && { matchScope }) }));
    expect(await outcome(access.scope({}, { headers: as(caller) }))).toBe(want);
    expect(await outcome(access.unspecified({}, { headers: as(caller) }))).toBe(want);
    expect(await outcome(access.scope({}))).toBe("Unauthenticated");
  });
});

test("an identity that an interceptor put together badly is refused, not read leniently", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const contexts: readonly { roles: unknown; scopes: unknown; want: string }[] = [
    { roles: ["editor"], scopes: [], want: "ok" },
    { roles: "editor", scopes: [], want: "PermissionDenied" },
    { roles: undefined, scopes: [], want: "PermissionDenied" },
    { roles: { includes: () => true }, scopes: [], want: "PermissionDenied" },
    { roles: ["editor"], scopes: undefined, want: "PermissionDenied" },
  ];
  for (const { roles, scopes, want } of contexts) {
    const { access } = inProcess(
      (next) => (req) => {
        const identity: object = { subject: "x", roles, scopes, claims: {}, type: "own", internal: true };
        req.contextValues.set(
          authContextKey,
          identity as ReturnType<typeof req.contextValues.get<typeof authContextKey.defaultValue>>,
        );
        return next(req);
      },
      createProtoAuthzInterceptor({ policies }),
    );
    expect(await outcome(access.role({}))).toBe(want);
    // Saying so does not make it internal.
    expect(await outcome(access.internal({}))).toBe("PermissionDenied");
  }
  warn.mockRestore();
});

test.each([
  { method: "scope", challenge: 'Bearer error="insufficient_scope"' },
  { method: "role", challenge: null },
  { method: "deny", challenge: null },
] as const)(
  "a client hears that a scope is missing (RFC 6750), and nothing else: $method",
  async ({ method, challenge }) => {
    const { access } = inProcess(createProtoAuthzInterceptor({ policies }));
    const error = await access[method]({}, { headers: as("wrong") }).then(() => undefined, ConnectError.from);
    expect(error).toMatchObject({ code: Code.PermissionDenied, rawMessage: "Access denied", details: [] });
    expect(error?.metadata.get("www-authenticate")).toBe(challenge);
  },
);

describe("what is in the context values need not be an identity", () => {
  const right = { subject: "x", roles: [], scopes: [], permissions: [], claims: {}, type: "own" };
  test.each<{ name: string; identity: unknown; want: string }>([
    { name: "an identity", identity: right, want: "ok" },
    { name: "undefined", identity: undefined, want: "Unauthenticated" },
    { name: "null", identity: null, want: "Unauthenticated" },
    { name: "false", identity: false, want: "Unauthenticated" },
    { name: "an empty string", identity: "", want: "Unauthenticated" },
    { name: "a number", identity: 0, want: "Unauthenticated" },
    { name: "true", identity: true, want: "PermissionDenied" },
    { name: "a name", identity: "x", want: "PermissionDenied" },
    { name: "an empty object", identity: {}, want: "PermissionDenied" },
    { name: "no subject", identity: { ...right, subject: undefined }, want: "PermissionDenied" },
    { name: "an empty subject", identity: { ...right, subject: "" }, want: "PermissionDenied" },
    { name: "a subject that is no string", identity: { ...right, subject: 1 }, want: "PermissionDenied" },
    { name: "a role that is none", identity: { ...right, roles: [null] }, want: "PermissionDenied" },
    { name: "scopes in a string", identity: { ...right, scopes: "lab:read" }, want: "PermissionDenied" },
  ])("$name: $want", async ({ identity, want }) => {
    let asked = 0;
    const yes = () => Boolean(++asked);
    const { access, plain } = inProcess(
      (next) => (req) => {
        req.contextValues.set(authContextKey, identity as AuthContext);
        return next(req);
      },
      createProtoAuthzInterceptor({
        policies,
        authorize: yes,
        checks: [authorizeMethods(AccessService, { allow: yes })],
      }),
    );
    expect(await outcome(access.authenticated({}))).toBe(want);
    expect(await outcome(plain.get({}))).toBe(want);
    expect(await outcome(access.allow({}))).toBe(want);
    expect(asked).toBe(want === "ok" ? 2 : 0);
    expect(await outcome(access.deny({}))).toBe("PermissionDenied");
  });
});

test("an identity that is not frozen is looked at anew at each call", async () => {
  const identity = { subject: "x", roles: ["editor"], scopes: [], permissions: [], claims: {}, type: "own" };
  const shallow = Object.freeze({ ...identity, roles: ["editor"] });
  for (const context of [identity, shallow]) {
    const { access } = inProcess(
      (next) => (req) => {
        req.contextValues.set(authContextKey, context);
        return next(req);
      },
      createProtoAuthzInterceptor({ policies }),
    );
    expect(await outcome(access.role({}))).toBe("ok");
    context.roles.pop();
    expect(await outcome(access.role({}))).toBe("PermissionDenied");
  }
});
