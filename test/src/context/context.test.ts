import { runInNewContext } from "node:vm";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type AuthContext,
  type AuthContextInit,
  createAuthInterceptor,
  getAuthContext,
  parseAuthHeaders,
  requireAuthContext,
  setAuthHeaders,
} from "@connectum/auth";
import { createMockAuthContext, withAuthContext } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { refused } from "../support/call.js";
import { witness } from "../support/witness.js";

// First, since it is about a process in which no interceptor was made yet.
test("outside of a call there is nobody", () => {
  expect(getAuthContext()).toBeUndefined();
  expect(() => requireAuthContext()).toThrow(new ConnectError("Missing credentials", Code.Unauthenticated));
});

/** The identity that a handler sees; the message that stays on the server where it is refused. */
async function identify(identity: unknown): Promise<AuthContext | string> {
  const interceptor = createAuthInterceptor({ verifyCredentials: () => identity as AuthContextInit });
  const { got, cause, caller } = await witness(interceptor, { authorization: "Bearer x" });
  if (caller !== undefined) return caller;
  expect(got).toMatchObject(refused());
  expect(cause).toBeInstanceOf(TypeError);
  return (cause as TypeError).message;
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe("an identity as a handler sees it", () => {
  const bare = { subject: "ada", roles: [], scopes: [], permissions: [], claims: {}, type: "credentials" };
  test.each<[string, object, object]>([
    ["the subject alone", {}, bare],
    ["members that are undefined", { name: undefined, roles: undefined, claims: undefined, type: undefined }, bare],
    ["a name and lists that are empty", { name: "", roles: "", scopes: "" }, bare],
    ["a name and lists that are null", { name: null, roles: null, scopes: null }, bare],
    ["a name", { name: "Ada" }, { ...bare, name: "Ada" }],
    ["a type of its own", { type: "passkey" }, { ...bare, type: "passkey" }],
    [
      "roles and scopes, each once",
      { roles: ["b", "a", "b"], scopes: ["s", "s"] },
      { ...bare, roles: ["b", "a"], scopes: ["s"] },
    ],
    [
      "every kind of claim",
      { claims: { text: "", yes: true, no: false, nothing: null, list: [1, [{}]], deep: { a: { b: -1.5 } } } },
      { ...bare, claims: { text: "", yes: true, no: false, nothing: null, list: [1, [{}]], deep: { a: { b: -1.5 } } } },
    ],
    ["a negative zero, which JSON has not", { claims: { zero: -0 } }, { ...bare, claims: { zero: 0 } }],
    ["a date as JSON has it", { claims: { at: new Date(0) } }, { ...bare, claims: { at: "1970-01-01T00:00:00.000Z" } }],
    [
      "a claim that is undefined",
      { claims: { gone: undefined, a: { gone: undefined } } },
      { ...bare, claims: { a: {} } },
    ],
    ["64 levels of claims", { claims: { a: nested(63) } }, { ...bare, claims: { a: nested(63) } }],
  ])("%s", async (_, init, want) => {
    expect(await identify({ subject: "ada", ...init })).toStrictEqual(want);
  });

  test("claims without a prototype, and one that is called __proto__", async () => {
    const claims = Object.assign(Object.create(null), { tenant: 7, roles: JSON.parse('{"__proto__":{"admin":true}}') });
    const caller = (await identify({ subject: "ada", claims })) as AuthContext;
    expect(JSON.stringify(caller.claims)).toBe('{"tenant":7,"roles":{"__proto__":{"admin":true}}}');
    const { roles } = caller.claims;
    expect((roles as { admin?: boolean }).admin).toBeUndefined();
  });

  test("nothing of it can be changed, here or by who made it", async () => {
    const init = {
      subject: "ada",
      roles: ["user"],
      scopes: ["read"],
      claims: { list: [{ a: 1 }] },
      expiresAt: new Date(Date.now() + 60_000),
    };
    const time = init.expiresAt.getTime();
    const caller = (await identify(init)) as AuthContext;
    init.roles.push("admin");
    init.claims.list.push({ a: 2 });
    init.expiresAt.setTime(0);
    const { roles, scopes, claims } = caller;
    const { list } = claims;
    for (const part of [caller, roles, scopes, claims, list, (list as readonly object[])[0]])
      expect(Object.isFrozen(part)).toBe(true);
    expect([roles, scopes, claims]).toEqual([["user"], ["read"], { list: [{ a: 1 }] }]);
    caller.expiresAt?.setTime(0);
    expect(caller.expiresAt).toEqual(new Date(time));
    expect(Object.keys(caller)).toContain("expiresAt");
  });
});

describe("an identity that is malformed is refused, and its message names the field", () => {
  const list = "expected a list of non-empty strings";
  const claims = (value: unknown) => ({ claims: { good: [{ a: [1] }], ...(value as object) } });
  test.each<[string, object]>([
    ["subject: expected a non-empty string", { subject: "" }],
    ["subject: expected a non-empty string", { subject: ["ada"] }],
    ["subject: expected a non-empty string", { subject: "half \ud800" }],
    ["name: expected a string", { name: 1 }],
    ["name: expected a string", { name: false }],
    ["subject: expected a non-empty string", { subject: null }],
    ["name: expected a string", { name: "\udc00" }],
    ["type: expected a non-empty string", { type: "" }],
    ["type: expected a non-empty string", { type: null }],
    ["claims: expected an object", { claims: null }],
    ["claims: expected an object", { claims: ["a"] }],
    ["claims: expected an object", { claims: "a" }],
    ["claims: expected an object", { claims: () => {} }],
    [`roles: ${list}`, { roles: "admin" }],
    [`roles: ${list}`, { roles: false }],
    [`roles: ${list}`, { roles: ["a", null] }],
    [`scopes: ${list}`, { scopes: 0 }],
    [`scopes: ${list}`, { scopes: " " }],
    [`roles: ${list}`, { roles: ["a", ""] }],
    [`roles: ${list}`, { roles: ["a", 1] }],
    [`scopes: ${list}`, { scopes: { length: 0 } }],
    [`scopes: ${list}`, { scopes: ["\ud83e", "a"] }],
    ["expiresAt: expected a valid Date", { expiresAt: null }],
    ["expiresAt: expected a valid Date", { expiresAt: Date.now() + 60_000 }],
    ["expiresAt: expected a valid Date", { expiresAt: "2099-01-01T00:00:00.000Z" }],
    ["expiresAt: expected a valid Date", { expiresAt: new Date(Number.NaN) }],
    ["claims: not a JSON value", { claims: new Map() }],
    ["claims.a: not a JSON value", claims({ a: () => {} })],
    ["claims.a: not a JSON value", claims({ a: 1n })],
    ["claims.a: not a JSON value", claims({ a: Symbol("a") })],
    ["claims.a: not a JSON value", claims({ a: Number.NaN })],
    ["claims.a: not a JSON value", claims({ a: Number.NEGATIVE_INFINITY })],
    ["claims.a: not a JSON value", claims({ a: new Date(Number.NaN) })],
    ["claims.a: not a JSON value", claims({ a: new URL("https://example.com") })],
    ["claims.a[1].b.c: not a JSON value", claims({ a: [[0], { x: { y: 1 }, b: { c: new Set() } }] })],
    ["claims.a[0]: not a JSON value", claims({ a: [undefined] })],
    [`claims.a${"[0]".repeat(64)}: nested more than 64 levels deep`, claims({ a: nested(64) })],
  ])("%s", async (message, init) => {
    expect(await identify({ subject: "ada", ...init })).toBe(message);
  });
  test("so is nothing at all", async () => {
    expect(await identify({})).toBe("subject: expected a non-empty string");
    expect(await identify("ada")).toBe("subject: expected a non-empty string");
  });
});

describe("an iterable that is read as somebody", () => {
  const ada = createMockAuthContext({ subject: "ada" });
  const subject = () => getAuthContext()?.subject;

  test("is ended, and made to fail, as somebody", async () => {
    const seen: unknown[] = [];
    const source = (): AsyncIterable<unknown> => {
      seen.push(["made", subject()]);
      return {
        [Symbol.asyncIterator]: () => {
          seen.push(["begun", subject()]);
          return {
            next: async () => ({ done: false, value: subject() }),
            return: async (value) => {
              seen.push(["ended", subject(), value]);
              return { done: true, value };
            },
            throw: async (error) => {
              seen.push(["failed", subject(), error]);
              return { done: true, value: error };
            },
          };
        },
      };
    };
    const it = withAuthContext(ada, source)[Symbol.asyncIterator]();
    expect(await it.next()).toEqual({ done: false, value: "ada" });
    expect(await it.return?.("early")).toEqual({ done: true, value: "early" });
    expect(await it.throw?.("broken")).toEqual({ done: true, value: "broken" });
    expect(seen).toEqual([
      ["made", "ada"],
      ["begun", "ada"],
      ["ended", "ada", "early"],
      ["failed", "ada", "broken"],
    ]);
    expect(subject()).toBeUndefined();
  });

  test("can be ended or made to fail only where it could before", () => {
    const source = (): AsyncIterable<unknown> => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
    });
    const it = withAuthContext(ada, source)[Symbol.asyncIterator]();
    expect(Object.keys(it)).toEqual(["next"]);
  });
});

describe("headers that carry an identity", () => {
  const written = (init: Parameters<typeof createMockAuthContext>[0], claims?: readonly string[]) => {
    const headers = new Headers();
    setAuthHeaders(headers, createMockAuthContext(init), claims);
    return Object.fromEntries(headers);
  };
  const base = { "x-auth-subject": "test-user", "x-auth-type": "test" };

  test.each<{ name: string; init: object; claims?: readonly string[]; want: object }>([
    { name: "what is absent or empty is left out", init: {}, want: base },
    { name: "an empty name is absent", init: { name: "" }, want: base },
    {
      name: "visible ASCII but for % and , stays",
      init: { subject: "!\"#$&'()*+-./:;<=>?@[\\]^_`{|}~" },
      want: { ...base, "x-auth-subject": "!\"#$&'()*+-./:;<=>?@[\\]^_`{|}~" },
    },
    {
      name: "everything else is percent-encoded in UTF-8",
      init: { subject: "a b,c%é🦊\x7f" },
      want: { ...base, "x-auth-subject": "a%20b%2Cc%25%C3%A9%F0%9F%A6%8A%7F" },
    },
    {
      name: "lists are JSON in ASCII",
      init: { roles: ["a,b", "é漢"], scopes: ["\x7f🦊"] },
      want: { ...base, "x-auth-roles": '["a,b","\\u00e9\\u6f22"]', "x-auth-scopes": '["\\u007f\\ud83e\\udd8a"]' },
    },
    { name: "all claims", init: { claims: { a: 1, b: 2 } }, want: { ...base, "x-auth-claims": '{"a":1,"b":2}' } },
    {
      name: "the claims that are named",
      init: { claims: { a: 1, b: 2 } },
      claims: ["b"],
      want: { ...base, "x-auth-claims": '{"b":2}' },
    },
    { name: "no claim that is named", init: { claims: { a: 1 } }, claims: ["b"], want: base },
    { name: "no claims named", init: { claims: { a: 1 } }, claims: [], want: base },
    {
      name: "an expiry",
      init: { expiresAt: new Date(0) },
      want: { ...base, "x-auth-expires-at": "1970-01-01T00:00:00.000Z" },
    },
    {
      name: "a field of exactly 8 KiB",
      init: { subject: "s".repeat(8192) },
      want: { ...base, "x-auth-subject": "s".repeat(8192) },
    },
  ])("$name", ({ init, claims, want }) => {
    const headers = written(init, claims);
    expect(headers).toEqual(want);
    if (claims === undefined) expect(parseAuthHeaders(new Headers(headers))).toEqual(createMockAuthContext(init));
  });

  test("every other identity header is removed, and no other header", () => {
    const headers = new Headers({
      "X-Auth-New": "1",
      "x-auth-": "1",
      "x-auth-name": "Eve",
      "x-author": "1",
      "x-user": "1",
    });
    setAuthHeaders(headers, createMockAuthContext());
    expect(Object.fromEntries(headers)).toEqual({ ...base, "x-author": "1", "x-user": "1" });
  });

  test.each<[string, Record<string, string>]>([
    ["x-auth-subject: malformed", { "x-auth-subject": "s".repeat(8193) }],
    ["x-auth-subject: malformed", { "x-auth-subject": "%41da" }],
    ["x-auth-subject: malformed", { "x-auth-subject": "ada, eve" }],
    ["x-auth-name: malformed", { "x-auth-name": "%e9" }],
    ["x-auth-type: malformed", { "x-auth-type": "a b" }],
    ["x-auth-roles: malformed", { "x-auth-roles": "admin" }],
    ["x-auth-scopes: malformed", { "x-auth-scopes": '["a"], ["b"]' }],
    ["x-auth-claims: malformed", { "x-auth-claims": `{"a":"${"a".repeat(8192)}"}` }],
    ["x-auth-expires-at: malformed", { "x-auth-expires-at": "2099-01-01" }],
    ["x-auth-*: not an identity", { "x-auth-subject": "" }],
    ["x-auth-*: not an identity", { "x-auth-type": "" }],
    ["x-auth-*: not an identity", { "x-auth-roles": '["admin",1]' }],
    ["x-auth-roles: malformed", { "x-auth-roles": "null" }],
    ["x-auth-scopes: malformed", { "x-auth-scopes": '""' }],
    ["x-auth-*: not an identity", { "x-auth-claims": "[]" }],
  ])("%s: %j", (message, headers) => {
    const read = () => parseAuthHeaders(new Headers({ ...base, ...headers }));
    expect(read).toThrow(expect.objectContaining({ name: "InvalidCredentialError", message }));
  });
  test("the cause names the field", () => {
    const read = () => parseAuthHeaders(new Headers({ ...base, "x-auth-roles": "[1]" }));
    expect(read).toThrow(
      expect.objectContaining({ cause: new TypeError("roles: expected a list of non-empty strings") }),
    );
  });
  test("without a subject there is nobody, whatever else is there", () => {
    expect(parseAuthHeaders(new Headers({ "x-auth-name": "%zz", "x-auth-roles": '["admin"]' }))).toBeUndefined();
  });
  test("the kind of credential is `gateway` where none is named", () => {
    expect(parseAuthHeaders(new Headers({ "x-auth-subject": "ada" }))?.type).toBe("gateway");
  });
});

test("an identity of another realm is one, and what only looks like a Date is none", async () => {
  const source = "({ subject: 'ada', claims: { a: [{ b: 1 }], at: new Date(0) }, expiresAt: new Date(4e12) })";
  expect(await identify(runInNewContext(source))).toMatchObject({
    subject: "ada",
    claims: { a: [{ b: 1 }], at: "1970-01-01T00:00:00.000Z" },
    expiresAt: new Date(4e12),
  });
  const lookalike = { [Symbol.toStringTag]: "Date", getTime: () => 4e12, valueOf: () => 4e12 };
  for (const expiresAt of [lookalike, Object.create(Date.prototype), runInNewContext("new Date(NaN)"), 4e12]) {
    expect(await identify({ subject: "ada", expiresAt })).toBe("expiresAt: expected a valid Date");
  }
});

test("all identities share the getter of expiresAt: V8 turns objects into slow dictionaries by a second", async () => {
  const identities: AuthContext[] = [];
  for (const subject of ["ada", "bob", "eve"]) {
    identities.push((await identify({ subject, expiresAt: new Date(4e12) })) as AuthContext);
  }
  expect(identities.map(({ expiresAt }) => expiresAt?.getTime())).toEqual([4e12, 4e12, 4e12]);
  const getters = identities.map((identity) => Object.getOwnPropertyDescriptor(identity, "expiresAt")?.get);
  expect(getters[0]).toBeTypeOf("function");
  expect(new Set(getters).size).toBe(1);
  // Copies and proxies of an identity know its expiry as well.
  const [ada] = identities as [AuthContext];
  for (const other of [{ ...ada }, Object.create(ada), new Proxy(ada, {})]) {
    expect(other.expiresAt).toEqual(new Date(4e12));
  }
});
