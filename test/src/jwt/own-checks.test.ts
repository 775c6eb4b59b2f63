import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import {
  type CacheOptions,
  createAuth,
  createJwtAuthInterceptor,
  InvalidCredentialError,
  type JwtIssuerOptions,
  type JwtOptions,
  jwt,
  signedTokenTrust,
} from "@connectum/auth";
import { certificateBound } from "@connectum/auth/jwt";
import { createTestJwt, createTestKeyPair, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { Keyv } from "keyv";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { missing, ok, refused, tryIt, unavailable } from "../support/call.js";
import { bearer, identityOf, refusalOf } from "../support/verification.js";
import { startEndpoint } from "./published-keys.js";

const base = { secret: TEST_JWT_SECRET, audience: "lab" } as const;
const sign = (claims: object = {}) => createTestJwt({ sub: "ada", aud: "lab", ...claims });

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

describe("checkClaims", () => {
  test.each<[name: string, answer: unknown, accepted: boolean]>([
    ["true", true, true],
    ["false", false, false],
    ["undefined", undefined, false],
    ["a text", "true", false],
    ["a number", 1, false],
    ["an object", {}, false],
    ["a promise of true", Promise.resolve(true), false],
    ["a Boolean object", Object(true), false],
  ])("that returns %s", async (_, answer, accepted) => {
    const interceptor = createJwtAuthInterceptor({ ...base, checkClaims: () => answer as boolean });
    const headers = bearer(await sign());
    expect(await tryIt(interceptor, headers)).toMatchObject(accepted ? ok() : refused());
    if (!accepted) expect(await refusalOf(interceptor, headers)).toMatchObject({ reason: "claim" });
  });

  test("that fails refuses, and its error is the cause", async () => {
    const failure = new TypeError("no such claim");
    const fail = (): boolean => {
      throw failure;
    };
    const interceptor = createJwtAuthInterceptor({ ...base, checkClaims: fail });
    const refusal = (await refusalOf(interceptor, bearer(await sign()))) as InvalidCredentialError;
    expect(refusal).toBeInstanceOf(InvalidCredentialError);
    expect([refusal.reason, refusal.cause]).toEqual(["claim", failure]);
  });

  test.each<[name: string, answer: () => unknown]>([
    ["a promise that fails", async () => Promise.reject(new Error("no such tenant"))],
    [
      "an object whose then fails",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: such objects are tested
        get then() {
          throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
        },
      }),
    ],
  ])("that returns %s refuses, and the process goes on", async (_, answer) => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const interceptor = createJwtAuthInterceptor({ ...base, checkClaims: answer as () => boolean });
    expect(await tryIt(interceptor, bearer(await sign()))).toMatchObject(refused());
    // Node reports a rejection after the microtasks of its turn.
    await new Promise(setImmediate);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("gets the verified claims: after every other check, once for a token, without inherited ones", async () => {
    const seen: unknown[] = [];
    const interceptor = createJwtAuthInterceptor({
      ...base,
      checkClaims: (claims) => {
        seen.push([claims["azp"], claims["toString"], "constructor" in claims]);
        return true;
      },
    });
    for (const bad of [{ aud: "other" }, { exp: 1 }, { cnf: { jkt: "x" } }]) {
      expect(await tryIt(interceptor, bearer(await sign(bad)))).toMatchObject(refused());
    }
    expect(await tryIt(interceptor, bearer(`${(await sign()).slice(0, -4)}AAAA`))).toMatchObject(refused());
    expect(seen).toEqual([]);
    const headers = bearer(await sign({ azp: "web" }));
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, headers)).toEqual(ok());
    expect(seen).toEqual([["web", undefined, false]]);
  });

  test("of each issuer applies to its own tokens", async () => {
    const of = (name: string, client: string) => ({
      ...base,
      issuer: name,
      checkClaims: (claims: Readonly<Record<string, unknown>>) => claims["azp"] === client,
    });
    const interceptor = createJwtAuthInterceptor({
      issuers: [of("https://a.example", "a"), of("https://b.example", "b")],
    });
    const call = async (iss: string, azp: string) => tryIt(interceptor, bearer(await sign({ iss, azp })));
    expect(await call("https://a.example", "a")).toEqual(ok());
    expect(await call("https://b.example", "b")).toEqual(ok());
    expect(await call("https://a.example", "b")).toMatchObject(refused());
    expect(await call("https://b.example", "a")).toMatchObject(refused());
  });

  test("with a shared store needs a namespace, which keeps servers with other checks apart", async () => {
    const store = new Keyv<string>();
    const start = (namespace: string | undefined, azp: string) =>
      createJwtAuthInterceptor({
        ...base,
        checkClaims: (claims) => claims["azp"] === azp,
        cache: { store, ...(namespace !== undefined && { namespace }) },
      });
    expect(() => start(undefined, "web")).toThrow("cache.namespace: needed with a store");
    const headers = bearer(await sign({ azp: "web" }));
    expect(await tryIt(start("web", "web"), headers)).toEqual(ok());
    await vi.waitFor(() => expect(store.store.size).toBe(1), 20_000);
    expect(await tryIt(start("cli", "cli"), headers)).toMatchObject(refused());
  });

  test("with a shared store and namespace, every other option still counts", async () => {
    const store = new Keyv<string>();
    const start = (options: Partial<JwtIssuerOptions>) =>
      createJwtAuthInterceptor({ ...base, checkClaims: () => true, ...options, cache: { store, namespace: "shop" } });
    const headers = bearer(await sign({ team: ["admin"] }));
    expect(await tryIt(start({}), headers)).toEqual(ok());
    await vi.waitFor(() => expect(store.store.size).toBe(1), 20_000);
    const reads = vi.spyOn(store, "get");
    expect(await tryIt(start({}), headers)).toEqual(ok());
    expect(await reads.mock.results[0]?.value).toBeDefined();
    expect(await tryIt(start({ audience: "other" }), headers)).toMatchObject(refused());
    expect(await tryIt(start({ secret: "another secret, of at least 32 bytes" }), headers)).toMatchObject(refused());
    expect(await tryIt(start({ issuer: "https://a.example" }), headers)).toMatchObject(refused());
    const mapped = await identityOf(start({ claimsMapping: { roles: "team" } }), await sign({ team: ["admin"] }));
    expect(mapped?.roles).toEqual(["admin"]);
    const unchecked = createJwtAuthInterceptor({ ...base, cache: { store, namespace: "shop" } });
    reads.mockClear();
    expect(await tryIt(unchecked, headers)).toEqual(ok());
    expect(await reads.mock.results[0]?.value).toBeUndefined();
  });

  test.each<[name: string, create: (cache: CacheOptions) => unknown]>([
    ["jwt", (cache) => jwt({ ...base, checkClaims: () => true, cache })],
    [
      "one of several issuers",
      (cache) =>
        jwt({
          issuers: [
            { ...base, issuer: "https://a.example" },
            { ...base, issuer: "https://b.example", checkClaims: () => true },
          ],
          cache,
        }),
    ],
    [
      "signedTokenTrust",
      (cache) =>
        signedTokenTrust({ issuers: [{ ...base, issuer: "https://a.example", checkClaims: () => true }], cache }),
    ],
  ])("of %s needs a namespace with a store, and only then", (_, create) => {
    const store = new Keyv<string>();
    expect(() => create({ store })).toThrow(
      "cache.namespace: needed with a store and checkClaims. Give servers with the same check one name",
    );
    expect(() => create({ store, namespace: "shop" })).not.toThrow();
    expect(() => create({})).not.toThrow();
  });

  test("that is no function is refused at creation", () => {
    expect(() => jwt({ ...base, checkClaims: true as never })).toThrow("checkClaims: expected a function, got true");
  });
});

describe("lists of names", () => {
  const rolesOf = async (roles: object, claims: object) => {
    const interceptor = createJwtAuthInterceptor({ ...base, claimsMapping: { roles: roles as never } });
    const identity = await identityOf(interceptor, await sign(claims));
    return identity?.roles ?? "refused";
  };
  const union = { union: ["realm.roles", { keysOf: "project" }, ["a.b", "roles"]] };

  test.each<[name: string, roles: object, claims: object, want: unknown]>([
    ["all of several", union, { realm: { roles: ["a"] }, project: { b: {} }, "a.b": { roles: "c" } }, ["a", "b", "c"]],
    ["each once", union, { realm: { roles: ["a", "b"] }, project: { b: true } }, ["a", "b"]],
    ["some absent", union, { project: { b: {} } }, ["b"]],
    ["all absent", union, {}, []],
    ["null and empty ones", union, { realm: { roles: [] }, project: null, "a.b": { roles: "" } }, []],
    ["one of the wrong type", union, { realm: { roles: [7] }, project: { b: {} } }, "refused"],
    ["keys", { keysOf: "project" }, { project: { editor: { org: "x" }, viewer: {} } }, ["editor", "viewer"]],
    [
      "keys that a prototype has",
      { keysOf: "project" },
      JSON.parse('{"project":{"__proto__":{},"toString":true}}'),
      ["__proto__", "toString"],
    ],
    ["keys of a list", { keysOf: "project" }, { project: ["editor"] }, "refused"],
    ["keys of a text", { keysOf: "project" }, { project: "editor" }, "refused"],
    ["keys with an empty one", { keysOf: "project" }, { project: { "": {} } }, "refused"],
    ...[false, null, 0, 1, "", "no", []].map((value): [string, object, object, unknown] => [
      `keys of which one is ${JSON.stringify(value)}`,
      { keysOf: "project" },
      { project: { editor: {}, admin: value } },
      "refused",
    ]),
    ["an object where a list is named", ["project"], { project: { editor: {} } }, "refused"],
  ])("%s", async (_, roles, claims, want) => {
    expect(await rolesOf(roles, claims)).toEqual(want);
  });

  test("also of scopes and permissions, whose strings are words", async () => {
    const interceptor = createJwtAuthInterceptor({
      ...base,
      claimsMapping: { scopes: { union: ["scope", "more"] }, permissions: { union: [{ keysOf: "may" }, "perms"] } },
    });
    const token = await sign({ scope: "a b", more: ["b", "c"], may: { p: true }, perms: "q r" });
    expect(await identityOf(interceptor, token)).toMatchObject({
      scopes: ["a", "b", "c"],
      permissions: ["p", "q", "r"],
    });
  });

  test.each<[roles: unknown, message: string]>([
    [{}, "claimsMapping.roles: expected a path, { keysOf: path } or { union: [path, ...] }"],
    [{ union: [] }, "claimsMapping.roles: expected a path, { keysOf: path } or { union: [path, ...] }"],
    [{ union: "a" }, "claimsMapping.roles: expected a path, { keysOf: path } or { union: [path, ...] }"],
    [{ union: ["a"], keysOf: "b" }, "claimsMapping.roles: expected a path, { keysOf: path } or { union: [path, ...] }"],
    [{ union: [{ union: ["a"] }] }, "claimsMapping.roles: expected a path, { keysOf: path } or { union: [path, ...] }"],
    [{ union: ["a", ""] }, 'claimsMapping.roles.union[1]: expected "a.b" or ["a", "b"], got ""'],
    [{ keysOf: 7 }, 'claimsMapping.roles.keysOf: expected "a.b" or ["a", "b"], got 7'],
    [{ keysOf: undefined }, 'claimsMapping.roles.keysOf: expected "a.b" or ["a", "b"], got undefined'],
    [{ length: 1 }, "claimsMapping.roles: expected a path, { keysOf: path } or { union: [path, ...] }"],
  ])("that are malformed, %j, are refused at creation", (roles, message) => {
    expect(() => jwt({ ...base, claimsMapping: { roles: roles as never } })).toThrow(message);
  });
});

describe("a token in another place", () => {
  const protect = (authenticate: Parameters<typeof createAuth>[0]["authenticate"]) =>
    createAuth({ policies: [EchoServicePolicy], authenticate }).interceptors;

  test("counts there alone", async () => {
    const token = await sign();
    const [byHeader, byCookie] = [
      protect(jwt({ ...base, header: "X-Token" })),
      protect(jwt({ ...base, cookie: "__Host-token" })),
    ];
    expect(await tryIt(byHeader, { "x-token": token })).toEqual(ok());
    expect(await tryIt(byCookie, { cookie: `a=b; __Host-token=${token}` })).toEqual(ok());
    for (const interceptors of [byHeader, byCookie]) {
      expect(await tryIt(interceptors, bearer(token))).toEqual({ ...missing, challenge: null });
    }
    expect(await tryIt(byHeader, { cookie: `x-token=${token}` })).toMatchObject({ text: "Missing credentials" });
    expect(await tryIt(byCookie, { cookie: `__host-token=${token}` })).toMatchObject({ text: "Missing credentials" });
  });

  test("is refused if it is malformed, repeated or too long", async () => {
    const token = await sign();
    const byHeader = protect(jwt({ ...base, header: "x-token" }));
    const byCookie = protect(jwt({ ...base, cookie: "token" }));
    for (const bad of [`Bearer ${token}`, `${token}, ${token}`, `${token} `.repeat(2).trim(), "", "x".repeat(20_000)]) {
      expect(await tryIt(byHeader, { "x-token": bad })).toMatchObject({
        code: "Unauthenticated",
        text: "Invalid credentials",
      });
    }
    for (const bad of [`token=${token}; token=${token}`, `token="${token}"`, `token=${"x".repeat(20_000)}`]) {
      expect(await tryIt(byCookie, { cookie: bad })).toMatchObject({
        code: "Unauthenticated",
        text: "Invalid credentials",
      });
    }
  });

  test("does not reach the handler as a header", async () => {
    let seen: string | null | undefined;
    const look: ReturnType<typeof createJwtAuthInterceptor> = (next) => (req) => {
      seen = req.header.get("x-token");
      return next(req);
    };
    expect(await tryIt([...protect(jwt({ ...base, header: "x-token" })), look], { "x-token": await sign() })).toEqual(
      ok(),
    );
    expect(seen).toBeNull();
  });

  test("may be one of two: the first scheme that finds a token decides", async () => {
    const interceptors = protect([jwt(base), jwt({ ...base, cookie: "token" })]);
    const [good, bad] = [await sign(), await sign({ aud: "other" })];
    expect(await tryIt(interceptors, bearer(good))).toEqual(ok());
    expect(await tryIt(interceptors, { cookie: `token=${good}` })).toEqual(ok());
    expect(await tryIt(interceptors, { ...bearer(bad), cookie: `token=${good}` })).toMatchObject(refused());
  });

  test.each<[options: Partial<JwtOptions>, message: string]>([
    [{ header: "x-a", cookie: "a" }, "header, cookie: keep one; for both, list two schemes"],
    [{ header: "authorization" }, "header: authorization is a header with a meaning of its own"],
    [{ header: undefined as never }, "header: expected the name of a header, got undefined"],
    [{ header: "a b" }, 'header: expected the name of a header, got "a b"'],
    [{ cookie: "a b" }, 'cookie: expected a name without spaces, got "a b"'],
    [{ cookie: undefined as never }, "cookie: expected a name without spaces, got undefined"],
    [{ cookie: "__host-a" }, 'cookie: write "__Host-", not "__host-"'],
    [{ header: "x-a", proofs: [certificateBound()] }, "header: tokens with proofs come in Authorization"],
    [{ cookie: "a", proofs: [certificateBound()] }, "cookie: tokens with proofs come in Authorization"],
  ])("%j is refused at creation", (options, message) => {
    expect(() => jwt({ ...base, ...options } as JwtOptions)).toThrow(message);
  });

  test("of services is no cookie", () => {
    const options = { issuers: [{ ...base, issuer: "https://a.example" }], cookie: "a" };
    expect(() => signedTokenTrust(options)).toThrow("cookie: unknown option of signedTokenTrust");
  });
});

describe("the request of the key set", () => {
  const secret = "Bearer a-secret-of-the-pod";

  async function start(options: NonNullable<Extract<JwtOptions, { jwks?: unknown }>["jwks"]>) {
    const pair = await createTestKeyPair("ES256", "1");
    const seen: (string | undefined)[] = [];
    const endpoint = await startEndpoint();
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.statusCode = request.headers.authorization === secret ? 200 : 401;
      response.end(JSON.stringify({ keys: [pair.publicJwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    const interceptor = createJwtAuthInterceptor({ jwksUri: url, audience: "lab", jwks: { cooldown: 1, ...options } });
    const token = await createTestJwt(
      { sub: "ada", aud: "lab" },
      { key: pair.privateKey, header: { alg: "ES256", kid: "1" } },
    );
    return {
      seen,
      call: () => tryIt(interceptor, bearer(token)),
      causeOf: () => refusalOf(interceptor, bearer(token)),
      close: async () => {
        await Promise.all([endpoint.close(), new Promise((resolve) => server.close(resolve).closeAllConnections())]);
      },
    };
  }

  test.each<[name: string, headers: object]>([
    ["an object", { authorization: secret }],
    ["a function", () => ({ authorization: secret })],
    ["a function that waits", async () => ({ Authorization: secret })],
  ])("has the headers of %s", async (_, headers) => {
    const { seen, call, close } = await start({ headers: headers as never });
    expect(await call()).toEqual(ok());
    expect(seen).toEqual([secret]);
    await close();
  });

  test("asks the function again for each request, and an error is an outage without the secret in the log", async () => {
    let attempts = 0;
    const headers = () => {
      attempts++;
      if (attempts === 1) throw new Error(`cannot read ${secret}`);
      return { authorization: attempts === 2 ? "Bearer old" : secret };
    };
    const { seen, call, close } = await start({ headers });
    expect(await call()).toEqual(unavailable);
    await vi.waitFor(async () => expect(await call()).toEqual(ok()), { timeout: 20_000 });
    expect(seen.slice(0, 2)).toEqual(["Bearer old", secret]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain("a-secret");
    await close();
  });

  test.each<[name: string, answer: unknown]>([
    ["with a line break in a value", { authorization: `${secret}\nx` }],
    ["with an unset value", { authorization: undefined }],
    ["with an empty value", { authorization: "" }],
    ["with a name that is none", { "a b": secret }],
    ["of a class", new Headers({ authorization: secret })],
    ["that are a text", secret],
    ["that are a list", [["authorization", secret]]],
    ["that are null", null],
    ["that are missing", undefined],
  ])("is not made with headers %s; the error has no secret", async (_, answer) => {
    const { seen, call, causeOf, close } = await start({ headers: () => answer as never });
    expect(await call()).toEqual(unavailable);
    expect(seen).toEqual([]);
    const causes = inspect(await causeOf(), { depth: 10 });
    expect(causes).toContain("jwks.headers: the function returned no object of header names and values");
    expect(causes).not.toContain("a-secret");
    await close();
  });

  test("has the headers of its creation, whatever becomes of the object", async () => {
    const headers = { Authorization: secret };
    const { seen, call, close } = await start({ headers });
    headers.Authorization = "Bearer changed";
    expect(await call()).toEqual(ok());
    expect(seen).toEqual([secret]);
    await close();
  });

  test("is not made if its headers come too late", async () => {
    let answer: (headers: Record<string, string>) => void = () => {};
    const own = vi.fn(fetch);
    const pending = new Promise<Record<string, string>>((resolve) => {
      answer = resolve;
    });
    const { call, close } = await start({ headers: () => pending, fetch: own, timeout: 20 });
    expect(await call()).toEqual(unavailable);
    answer({ authorization: secret });
    await new Promise(setImmediate);
    expect(own).not.toHaveBeenCalled();
    await close();
  });

  test("ends in time although the function hangs", async () => {
    const { call, close } = await start({ headers: () => new Promise(() => {}), timeout: 20 });
    expect(await call()).toEqual(unavailable);
    await close();
  });

  test("takes its headers to no other address", async () => {
    const other = await startEndpoint({ keys: [] });
    const first = await startEndpoint((response: import("node:http").ServerResponse) =>
      response.writeHead(302, { location: other.url }).end(),
    );
    const interceptor = createJwtAuthInterceptor({
      jwksUri: first.url,
      audience: "lab",
      jwks: { headers: { authorization: secret } },
    });
    const pair = await createTestKeyPair("ES256", "1");
    const token = await createTestJwt(
      { sub: "ada", aud: "lab" },
      { key: pair.privateKey, header: { alg: "ES256", kid: "1" } },
    );
    expect(await tryIt(interceptor, bearer(token))).toEqual(unavailable);
    expect([first.requests, other.requests]).toEqual([1, 0]);
    await Promise.all([first.close(), other.close()]);
  });

  test("is made by a fetch of one's own", async () => {
    const made: unknown[] = [];
    const own = async (url: string, init: RequestInit) => {
      made.push([
        new URL(url).pathname,
        init.redirect,
        new Headers(init.headers).get("accept"),
        init.signal !== undefined,
      ]);
      return fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), authorization: secret } });
    };
    const { call, close } = await start({ fetch: own });
    expect(await call()).toEqual(ok());
    expect(made).toEqual([["/jwks", "manual", "application/json", true]]);
    await close();
  });

  test.each<[options: object, message: string]>([
    [{ headers: "authorization: secret" }, "jwks.headers: expected an object of header names and values"],
    [{ headers: { authorization: 7 } }, "jwks.headers: expected an object of header names and values"],
    [{ headers: { "a b": "c" } }, "jwks.headers: expected an object of header names and values"],
    [{ headers: { authorization: `${secret}\nx` } }, "jwks.headers: expected an object of header names and values"],
    [{ headers: new Headers({ a: "b" }) }, "jwks.headers: expected an object of header names and values"],
    [{ headers: new Map([["a", "b"]]) }, "jwks.headers: expected an object of header names and values"],
    [{ headers: { authorization: undefined } }, "jwks.headers: expected an object of header names and values"],
    [{ headers: { authorization: "" } }, "jwks.headers: expected an object of header names and values"],
    [{ headers: undefined }, "jwks.headers: expected an object of header names and values"],
    [{ headers: [["a", "b"]] }, "jwks.headers: expected an object of header names and values"],
    [{ fetch: "fetch" }, "jwks.fetch: expected a function"],
  ])("with %j is refused at creation, without the secret in the error", (jwks, message) => {
    const create = () => jwt({ jwksUri: "https://a.example/jwks", audience: "lab", jwks: jwks as never });
    expect(create).toThrow(message);
    expect(create).not.toThrow("a-secret");
  });
});
