import { createRouterTransport } from "@connectrpc/connect";
import {
  type AuthContext,
  type AuthContextInit,
  authorizeMethods,
  type CreateAuthOptions,
  createAuth,
  type DecisionEvent,
  type PermissionOf,
  type ServicePolicy,
} from "@connectum/auth";
import { can, decide } from "@connectum/auth/policy";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { AccountServicePolicy, DocumentServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { AccountService } from "../gen/tenancy/v1/tenancy_pb.js";
import { asCaller, jsonScheme, type Received, tenancyClients, tenancyRoutes } from "../support/tenancy.js";
import { outcome, streamOf } from "./callers.js";

const received: Received = { texts: [] };
const policies = [DocumentServicePolicy, AccountServicePolicy] as const;

function start(options: Partial<CreateAuthOptions<typeof policies>> = {}) {
  const events: DecisionEvent[] = [];
  const auth = createAuth({
    policies,
    authenticate: jsonScheme,
    grants: () => [],
    onDecision: (event) => void events.push(event),
    ...options,
  });
  return { auth, events, ...tenancyClients(createRouterTransport(tenancyRoutes(received), { router: auth })) };
}

const as = (identity: Partial<AuthContextInit> = {}) => ({ headers: asCaller({ subject: "ada", ...identity }) });

beforeEach(() => {
  received.texts.length = 0;
});

describe("permissions of a credential", () => {
  test.each([
    { held: [], read: "PermissionDenied", write: "PermissionDenied", share: "PermissionDenied" },
    { held: ["docs.read"], read: "ok", write: "PermissionDenied", share: "PermissionDenied" },
    { held: ["docs.write"], read: "PermissionDenied", write: "PermissionDenied", share: "PermissionDenied" },
    { held: ["docs.read", "docs.write"], read: "ok", write: "ok", share: "PermissionDenied" },
    { held: ["docs.own"], read: "PermissionDenied", write: "PermissionDenied", share: "ok" },
    { held: ["docs.share", "docs.read"], read: "ok", write: "PermissionDenied", share: "ok" },
    {
      held: ["docs", "docs.*", "DOCS.READ"],
      read: "PermissionDenied",
      write: "PermissionDenied",
      share: "PermissionDenied",
    },
  ])("$held", async ({ held, ...want }) => {
    const { documents } = start();
    const caller = as({ permissions: held });
    expect(await outcome(documents.read({}, caller))).toBe(want.read);
    expect(await outcome(documents.write({}, caller))).toBe(want.write);
    expect(await outcome(documents.share({}, caller))).toBe(want.share);
    expect(await outcome(documents.read({}))).toBe("Unauthenticated");
    expect(can(DocumentServicePolicy, "Write", { permissions: held })).toBe(want.write === "ok");
    expect(can(DocumentServicePolicy, "Share", { permissions: new Set(held) })).toBe(want.share === "ok");
  });

  test("a role or scope of the same name is no permission", async () => {
    const { documents } = start();
    const caller = as({ roles: ["docs.read"], scopes: ["docs.read"] });
    expect(await outcome(documents.read({}, caller))).toBe("PermissionDenied");
  });

  test("the audit log and the error name what is missing", async () => {
    const { documents, events } = start({ grants: {}, policies: [DocumentServicePolicy] as never });
    await expect(documents.write({}, as())).rejects.toThrow("Access denied");
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toMatchObject({ decidedBy: "table", reason: "missing-permission", resource: undefined });
  });
});

describe("grants by role", () => {
  const policies = [DocumentServicePolicy];
  const grants = { viewer: ["docs.read"], editor: ["docs.write"] } as const;

  test("add to the permissions of the credential, with implied roles", async () => {
    const { documents } = start({ policies: policies as never, grants, roles: { editor: ["viewer"] } });
    expect(await outcome(documents.read({}, as({ roles: ["viewer"] })))).toBe("ok");
    expect(await outcome(documents.write({}, as({ roles: ["viewer"] })))).toBe("PermissionDenied");
    expect(await outcome(documents.write({}, as({ roles: ["editor"] })))).toBe("ok");
    expect(await outcome(documents.write({}, as({ roles: ["viewer"], permissions: ["docs.write"] })))).toBe("ok");
  });

  test("a permission that no table has is refused at creation, with the nearest", () => {
    const grants = { viewer: ["docs.raed"] } as never;
    expect(() => createAuth({ policies, authenticate: jsonScheme, grants })).toThrow(
      new TypeError('grants.viewer: no table has the permission "docs.raed". Did you mean "docs.read"?'),
    );
  });

  test("are typed: a permission that no table has does not compile", () => {
    expectTypeOf<PermissionOf<typeof DocumentServicePolicy>>().toEqualTypeOf<
      "docs.read" | "docs.write" | "docs.share" | "docs.own"
    >();
    // Of any tables, any.
    expectTypeOf<PermissionOf<ServicePolicy>>().toEqualTypeOf<string>();
    void (() => {
      createAuth({ policies, authenticate: jsonScheme, grants: { viewer: ["docs.read"] } });
      // @ts-expect-error a misspelled permission
      createAuth({ policies, authenticate: jsonScheme, grants: { viewer: ["docs.raed"] } });
    });
  });

  test.each([
    { grants: undefined, message: "grants: expected an object of roles, or a function, got undefined" },
    { grants: null, message: "grants: expected an object of roles, or a function, got null" },
    { grants: "docs.read", message: "grants: expected an object of roles, or a function, got a string" },
    { grants: { viewer: "docs.read" }, message: "grants.viewer: expected a list of permissions" },
    { grants: { viewer: [""] }, message: "grants.viewer: expected a list of permissions" },
    { grants: ["docs.read"], message: "grants: expected a plain object, got a list" },
  ])("$grants is refused", ({ grants, message }) => {
    expect(() => createAuth({ policies, authenticate: jsonScheme, grants: grants as never })).toThrow(
      new TypeError(message),
    );
  });

  test("`grantsCache` without a function is refused", () => {
    const grantsCache = { ttl: 1 };
    expect(() => createAuth({ policies, authenticate: jsonScheme, grantsCache })).toThrow(/has no effect/);
    for (const cache of [
      { ttl: 0 },
      { ttl: -1 },
      { ttl: "5" },
      { staleTtl: -1 },
      { timeout: 0 },
      { maxSize: 0.5 },
      { tll: 5 },
    ]) {
      const options = { policies, authenticate: jsonScheme, grants: () => [], grantsCache: cache as never };
      expect(() => createAuth(options)).toThrow(TypeError);
    }
  });
});

describe("grants from a function", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("one question for each caller and ttl, shared by concurrent calls", async () => {
    const asked: string[] = [];
    const { documents } = start({
      grants: async ({ subject }) => {
        asked.push(subject);
        return ["docs.read"];
      },
      grantsCache: { ttl: 1_000 },
    });
    const call = (subject: string) => outcome(documents.read({}, as({ subject })));
    expect(await Promise.all([call("ada"), call("ada"), call("bob"), call("ada")])).toEqual(["ok", "ok", "ok", "ok"]);
    expect(asked.sort()).toEqual(["ada", "bob"]);
    vi.advanceTimersByTime(999);
    await call("ada");
    expect(asked).toHaveLength(2);
    vi.advanceTimersByTime(1);
    await call("ada");
    expect(asked).toHaveLength(3);
  });

  test("a new token of the same caller is no new caller; other roles or claims are", async () => {
    let asked = 0;
    const { documents } = start({
      grants: () => {
        asked++;
        return new Set(["docs.read"]);
      },
    });
    const call = (claims: Record<string, unknown>, roles: string[] = []) =>
      outcome(documents.read({}, as({ claims, roles })));
    await call({ iat: 1, exp: 2, jti: "a", nbf: 1, org: "x" });
    await call({ iat: 5, exp: 9, jti: "b", nbf: 5, org: "x" });
    expect(asked).toBe(1);
    await call({ org: "y" });
    await call({ org: "x" }, ["admin"]);
    expect(asked).toBe(3);
  });

  test("a withdrawn permission counts for `ttl` at most, and `forgetGrants` ends it at once", async () => {
    let held = ["docs.read"];
    const { documents, auth } = start({ grants: async () => held, grantsCache: { ttl: 1_000 } });
    const call = (subject: string) => outcome(documents.read({}, as({ subject })));
    expect([await call("ada"), await call("bob")]).toEqual(["ok", "ok"]);
    held = [];
    vi.advanceTimersByTime(900);
    expect([await call("ada"), await call("bob")]).toEqual(["ok", "ok"]);
    auth.forgetGrants("ada");
    expect([await call("ada"), await call("bob")]).toEqual(["PermissionDenied", "ok"]);
    vi.advanceTimersByTime(100);
    expect(await call("bob")).toBe("PermissionDenied");
    held = ["docs.read"];
    expect(await call("bob")).toBe("PermissionDenied");
    auth.forgetGrants();
    expect([await call("ada"), await call("bob")]).toEqual(["ok", "ok"]);
  });

  test("a call that waits when its answer is forgotten asks again", async () => {
    const answers: ((names: string[]) => void)[] = [];
    const { documents, auth } = start({ grants: () => new Promise<string[]>((resolve) => answers.push(resolve)) });
    const waiting = outcome(documents.read({}, as()));
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    auth.forgetGrants("ada");
    answers[0]?.(["docs.read"]);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.([]);
    expect(await waiting).toBe("PermissionDenied");
  });

  test("the clock set back, or a machine that slept, makes no answer older than `ttl`", async () => {
    let asked = 0;
    const { documents } = start({
      grants: () => [`${asked++ < 1 ? "docs.read" : "none"}`],
      grantsCache: { ttl: 1_000 },
    });
    expect(await outcome(documents.read({}, as()))).toBe("ok");
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(1_000);
    expect(await outcome(documents.read({}, as()))).toBe("PermissionDenied");
  });

  describe("an outage", () => {
    const failing = [
      { name: "an error", fail: () => Promise.reject(new Error("redis is down")) },
      {
        name: "an error at once",
        fail: () => {
          throw new Error("redis is down");
        },
      },
      { name: "undefined", fail: () => undefined as never },
      { name: "a text", fail: () => "docs.read" },
      { name: "a list with an empty name", fail: () => [""] },
      { name: "a list with a hole", fail: () => new Array(2) as string[] },
      { name: "an object", fail: () => ({ "docs.read": true }) as never },
    ];

    test.each(failing)("of $name is `unavailable`, and widens nothing", async ({ fail }) => {
      let isDown = true;
      const { documents, events } = start({ grants: () => (isDown ? fail() : ["docs.read"]) });
      expect(await outcome(documents.read({}, as()))).toBe("Unavailable");
      await vi.waitFor(() => expect(events).toHaveLength(1));
      expect(events[0]).toMatchObject({ decidedBy: "table", reason: "unavailable", effect: "deny" });
      // A token's permission does not make up for the others.
      expect(await outcome(documents.write({}, as({ permissions: ["docs.read"] })))).toBe("Unavailable");
      isDown = false;
      vi.advanceTimersByTime(1_000);
      expect(await outcome(documents.read({}, as()))).toBe("ok");
    });

    test("asks once a second for each caller", async () => {
      let asked = 0;
      const { documents } = start({ grants: () => Promise.reject(new Error(String(asked++))) });
      for (let i = 0; i < 5; i++) expect(await outcome(documents.read({}, as()))).toBe("Unavailable");
      expect(asked).toBe(1);
      vi.advanceTimersByTime(1_000);
      await outcome(documents.read({}, as()));
      expect(asked).toBe(2);
    });

    test("a function that does not answer is left after `timeout`, and its signal aborts", async () => {
      let signal: AbortSignal | undefined;
      const { documents } = start({
        grants: (_, question) => {
          signal = question.signal;
          return new Promise<string[]>(() => {});
        },
        grantsCache: { timeout: 200 },
      });
      const waiting = outcome(documents.read({}, as()));
      await vi.waitFor(() => expect(signal).toBeDefined());
      expect(signal?.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(200);
      expect(await waiting).toBe("Unavailable");
      expect(signal?.aborted).toBe(true);
    });

    test("with `staleTtl`, the last answer counts for that long, and no longer", async () => {
      let answer: () => string[] = () => ["docs.read"];
      const { documents } = start({ grants: () => answer(), grantsCache: { ttl: 1_000, staleTtl: 2_000 } });
      const call = () => outcome(documents.read({}, as()));
      expect(await call()).toBe("ok");
      answer = () => {
        throw new Error("down");
      };
      vi.advanceTimersByTime(2_999);
      expect(await call()).toBe("ok");
      // Another caller has no last answer.
      expect(await outcome(documents.read({}, as({ subject: "bob" })))).toBe("Unavailable");
      vi.advanceTimersByTime(1);
      expect(await call()).toBe("Unavailable");
      answer = () => [];
      vi.advanceTimersByTime(1_000);
      expect(await call()).toBe("PermissionDenied");
    });
  });

  test("10,000 callers are one question each, and more than `maxSize` only cost questions", async () => {
    let asked = 0;
    const grants = () => {
      asked++;
      return ["docs.read"];
    };
    const { auth } = start({ grants });
    const callers = Array.from({ length: 10_000 }, (_, i) => createCaller(`caller-${i}`));
    for (let round = 0; round < 2; round++) {
      for (const caller of callers) expect(await auth.effectivePermissions(caller)).toEqual(["docs.read"]);
    }
    expect(asked).toBe(10_000);
    const small = start({ grants, grantsCache: { maxSize: 2 } }).auth;
    for (const caller of callers.slice(0, 3)) await small.effectivePermissions(caller);
    asked = 0;
    await small.effectivePermissions(callers[2] as AuthContext);
    expect(asked).toBe(0);
    await small.effectivePermissions(callers[0] as AuthContext);
    expect(asked).toBe(1);
  });
});

function createCaller(subject: string): AuthContext {
  return { subject, roles: [], scopes: [], permissions: [], claims: {}, type: "test" };
}

describe("permissions on a resource", () => {
  const held: Readonly<Record<string, readonly string[]>> = {
    acme: ["account.read"],
    globex: ["account.read", "account.write"],
    "42": ["account.read"],
  };
  const grants: CreateAuthOptions<typeof policies>["grants"] = (_, { resource }) =>
    resource === undefined ? ["account.list"] : Object.hasOwn(held, resource) ? (held[resource] ?? []) : [];

  test.each([
    { accountId: "acme", read: "ok", write: "PermissionDenied" },
    { accountId: "globex", read: "ok", write: "ok" },
    { accountId: "other", read: "PermissionDenied", write: "PermissionDenied" },
    { accountId: "", read: "PermissionDenied", write: "PermissionDenied" },
    { accountId: "__proto__", read: "PermissionDenied", write: "PermissionDenied" },
  ])("$accountId", async ({ accountId, read, write }) => {
    const { accounts } = start({ grants });
    const request = { accountId };
    const stream = () => streamOf(request);
    expect(await outcome(accounts.read(request, as()))).toBe(read);
    expect(await outcome(accounts.write(request, as()))).toBe(write);
    expect(await outcome(accounts.watch(request, as()))).toBe(read);
    expect(await outcome(accounts.upload(stream(), as()))).toBe(read);
    expect(await outcome(accounts.chat(stream(), as()))).toBe(read);
    expect(await outcome(accounts.updateRole({ role: request }, as()))).toBe(read);
    // Neither a permission nor a role of the token is held on an account.
    const token = as({ permissions: ["account.read", "account.write"], roles: ["account.read"] });
    expect(await outcome(accounts.write(request, token))).toBe(write);
  });

  test("an absent message, and the number 0, name no resource", async () => {
    const { accounts, events } = start({ grants: () => ["account.read"] });
    expect(await outcome(accounts.updateRole({}, as()))).toBe("PermissionDenied");
    expect(await outcome(accounts.byNumber({}, as()))).toBe("PermissionDenied");
    expect(await outcome(accounts.byNumber({ accountNumber: 42n }, as()))).toBe("ok");
    await expect.poll(() => events.length).toBe(3);
    expect(events.map(({ reason, resource }) => [reason, resource])).toEqual([
      ["missing-resource", undefined],
      ["missing-resource", undefined],
      [undefined, "42"],
    ]);
  });

  test("each message of a stream names its own", async () => {
    const { accounts } = start({ grants });
    const messages = () => streamOf({ accountId: "acme" }, { accountId: "other" }, { accountId: "globex" });
    expect(await outcome(accounts.upload(messages(), as()))).toBe("PermissionDenied");
    expect(received.texts).toEqual(["acme"]);
    received.texts.length = 0;
    expect(await outcome(accounts.chat(messages(), as()))).toBe("PermissionDenied");
    expect(received.texts).toEqual(["acme"]);
  });

  test("an exempt method needs no resource", async () => {
    const { accounts } = start({ grants });
    expect(await outcome(accounts.list({}, as()))).toBe("ok");
    expect(await outcome(accounts.ping({}, as()))).toBe("ok");
  });

  test("the resource is in the request of checks", async () => {
    const seen: (string | undefined)[] = [];
    const checks = [
      authorizeMethods(AccountService, {
        read: (_, __, { resource }) => {
          expectTypeOf(resource).toEqualTypeOf<string | undefined>();
          return seen.push(resource) > 0;
        },
        upload: { message: (_, __, { resource }) => seen.push(resource) > 0 },
      }),
    ];
    const { accounts } = start({ grants, checks });
    await accounts.read({ accountId: "acme" }, as());
    await accounts.upload(streamOf({ accountId: "acme" }, { accountId: "globex" }), as());
    expect(seen).toEqual(["acme", "acme", "globex"]);
  });

  test("tables with a resource need a function in `grants`", () => {
    for (const grants of [{}, { grants: { admin: ["account.read"] } as const }]) {
      expect(() => createAuth({ policies: [AccountServicePolicy], authenticate: jsonScheme, ...grants })).toThrow(
        "grants: tenancy.v1.AccountService/Read needs permissions on the resource account_id. " +
          "Write a function: grants: (caller, { resource }) => [...]",
      );
    }
  });

  test("can() and decide() look at the permissions on the resource alone", () => {
    const caller = { permissions: ["account.read"], permissionsOn: { acme: ["account.read"] } };
    expect(can(AccountServicePolicy, "Read", caller, { accountId: "acme" })).toBe(true);
    expect(can(AccountServicePolicy, "Read", caller, { accountId: "globex" })).toBe(false);
    expect(can(AccountServicePolicy, "Read", caller, { accountId: "" })).toBe(false);
    expect(can(AccountServicePolicy, "Read", caller, { accountId: "__proto__" })).toBe(false);
    const row = AccountServicePolicy.methods.Read;
    const full = { roles: [], scopes: [], ...caller };
    expect(decide(row, full, undefined, "acme")).toEqual({ kind: "allow" });
    expect(decide(row, full, undefined, "globex")).toEqual({ kind: "denied", reason: "missing-permission" });
    expect(decide(row, full)).toEqual({ kind: "denied", reason: "missing-resource" });
  });
});

describe("a condition on the caller's permissions", () => {
  test.each([
    { name: "of the credential", options: { grants: () => [] }, identity: { permissions: ["docs.purge"] } },
    { name: "of the function", options: { grants: async () => ["docs.purge"] }, identity: {} },
  ])("$name", async ({ options, identity }) => {
    const { documents } = start(options);
    expect(await outcome(documents.purge({ tenantId: "acme" }, as(identity)))).toBe("ok");
    expect(await outcome(documents.purge({ tenantId: "trash" }, as(identity)))).toBe("ok");
    const { documents: others } = start({ grants: () => [] });
    expect(await outcome(others.purge({ tenantId: "acme" }, as()))).toBe("PermissionDenied");
    expect(await outcome(others.purge({ tenantId: "trash" }, as()))).toBe("ok");
  });

  test("is `unavailable` in an outage", async () => {
    const { documents } = start({ grants: () => Promise.reject(new Error("down")) });
    expect(await outcome(documents.purge({ tenantId: "acme" }, as()))).toBe("Unavailable");
  });
});

test("effectivePermissions joins the credential, the roles and the function, sorted", async () => {
  const byRole = start({ policies: [DocumentServicePolicy] as never, grants: { viewer: ["docs.read"] } }).auth;
  const caller = { ...createCaller("ada"), roles: ["viewer"], permissions: ["docs.write"] };
  expect(await byRole.effectivePermissions(caller)).toEqual(["docs.read", "docs.write"]);
  const byFunction = start({ grants: (_, { resource }) => [resource ?? "docs.share"] }).auth;
  expect(await byFunction.effectivePermissions(caller)).toEqual(["docs.share", "docs.write"]);
  expect(await byFunction.effectivePermissions(caller, { resource: "acme" })).toEqual(["acme"]);
});
