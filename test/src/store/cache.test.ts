import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  type AuthScheme,
  authContextKey,
  type CacheOptions,
  type CacheStore,
  createAuth,
  createAuthInterceptor,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  createSessionAuthInterceptor,
  credentials,
  InvalidCredentialError,
  type JwtOptions,
} from "@connectum/auth";
import { createTestJwt, startTestKeySet, TEST_JWT_SECRET, type TestKeySet } from "@connectum/auth/testing";
import { Keyv } from "keyv";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { ok, refused, tryIt, unavailable } from "../support/call.js";
import { passUntil, withMovedClock } from "../support/moved-clock.js";

const as = (token: string) => ({ authorization: `Bearer ${token}` });
afterEach(() => vi.useRealTimers());

/** An interceptor that counts how often it verifies. */
function counting(cache: CacheOptions | false, expiresIn?: number, delay = 0) {
  const seen: string[] = [];
  const interceptor = createAuthInterceptor({
    cache,
    async verifyCredentials(token) {
      seen.push(token);
      if (delay > 0) await sleep(delay);
      if (token === "bad") return null;
      if (token === "revoked") throw new InvalidCredentialError("revoked", { final: true });
      return { subject: token, ...(expiresIn !== undefined && { expiresAt: new Date(Date.now() + expiresIn) }) };
    },
  });
  return { seen, interceptor };
}

describe("in this process", () => {
  test.each([
    { name: "cached", cache: {}, want: 1 },
    { name: "not cached", cache: false as const, want: 3 },
  ])("$name: three calls, $want verifications", async ({ cache, want }) => {
    const { seen, interceptor } = counting(cache);
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, as("ada"))).toEqual(ok());
    expect(seen.length).toBe(want);
  });

  test.each([{}, false as const])("100 calls at once share one verification (%j)", async (cache) => {
    const { seen, interceptor } = counting(cache, undefined, 20);
    const got = await Promise.all(Array.from({ length: 100 }, () => tryIt(interceptor, as("ada"))));
    expect(new Set(got.map(({ text }) => text))).toEqual(new Set(["ada"]));
    expect(seen.length).toBe(1);
  });

  test("an entry ends after its ttl", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { seen, interceptor } = counting({ ttl: 1_000 });
    await tryIt(interceptor, as("ada"));
    vi.advanceTimersByTime(999);
    await tryIt(interceptor, as("ada"));
    expect(seen.length).toBe(1);
    vi.advanceTimersByTime(1);
    await tryIt(interceptor, as("ada"));
    expect(seen.length).toBe(2);
  });

  test("an entry never outlives its credential, and what is expired is refused fresh from the verifier", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const token = await createTestJwt({ sub: "ada", aud: "lab" }, { expiresIn: 2 });
    const interceptor = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab" });
    expect(await tryIt(interceptor, as(token))).toEqual(ok());
    vi.advanceTimersByTime(3_000);
    expect(await tryIt(interceptor, as(token))).toMatchObject(refused());
    expect(await tryIt(counting({}, -1).interceptor, as("ada"))).toMatchObject(refused());
    expect(await tryIt(counting(false, 0).interceptor, as("ada"))).toMatchObject(refused());
  });

  test("it is bounded: the least recently used leave first", async () => {
    const { seen, interceptor } = counting({ maxSize: 2 });
    for (const token of ["a", "b", "a", "c", "a", "b"]) await tryIt(interceptor, as(token));
    expect(seen).toEqual(["a", "b", "c", "b"]);
  });

  test("whatever the order of the credentials, those used last are kept", async () => {
    const maxSize = 3;
    const { seen, interceptor } = counting({ maxSize });
    const verified: string[] = [];
    let kept: readonly string[] = [];
    for (let i = 0; i < 400; i++) {
      const token = `t${(i * i * 7 + Math.floor(i / 3)) % 5}`;
      await tryIt(interceptor, as(token));
      if (!kept.includes(token)) verified.push(token);
      kept = [token, ...kept.filter((other) => other !== token)].slice(0, maxSize);
    }
    expect(seen).toEqual(verified);
    expect(verified.length).toBeGreaterThan(20);
    expect(verified.length).toBeLessThan(380);
  });

  test("a refusal is remembered where it is final, and nowhere else", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { seen, interceptor } = counting({});
    for (let i = 0; i < 3; i++) {
      expect(await tryIt(interceptor, as("revoked"))).toMatchObject(refused());
      expect(await tryIt(interceptor, as("bad"))).toMatchObject(refused());
    }
    expect(seen.filter((token) => token === "revoked").length).toBe(1);
    expect(seen.filter((token) => token === "bad").length).toBe(3);
    vi.advanceTimersByTime(9_999);
    await tryIt(interceptor, as("revoked"));
    expect(seen.filter((token) => token === "revoked").length).toBe(1);
    vi.advanceTimersByTime(1);
    await tryIt(interceptor, as("revoked"));
    expect(seen.filter((token) => token === "revoked").length).toBe(2);
  });

  test("a token that expired by a wrong clock is accepted once the clock is right again", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const interceptor = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab" });
    const headers = as(await createTestJwt({ sub: "ada", aud: "lab" }, { expiresIn: 60 }));
    const right = Date.now();
    for (const ahead of [60_000, 3_600_000, 365 * 86_400_000]) {
      vi.setSystemTime(right + ahead);
      for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, headers)).toMatchObject(refused());
      vi.setSystemTime(right);
      for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, headers)).toEqual(ok());
    }
  });

  test("refusals are bounded as well", async () => {
    const seen: string[] = [];
    const interceptor = createAuthInterceptor({
      cache: { maxSize: 1 },
      verifyCredentials(token) {
        seen.push(token);
        throw new InvalidCredentialError("revoked", { final: true });
      },
    });
    for (const token of ["a", "a", "b", "b", "a"]) expect(await tryIt(interceptor, as(token))).toMatchObject(refused());
    expect(seen).toEqual(["a", "b", "a"]);
  });

  test("a failure to find out is never remembered", async () => {
    let down = true;
    const interceptor = createAuthInterceptor({
      cache: {},
      verifyCredentials(subject) {
        if (down) throw new ConnectError("down", Code.Unavailable);
        return { subject };
      },
    });
    expect(await tryIt(interceptor, as("ada"))).toEqual(unavailable);
    down = false;
    expect(await tryIt(interceptor, as("ada"))).toEqual(ok());
  });

  test("two interceptors do not share what they remember", async () => {
    const strict = createAuthInterceptor({ cache: {}, verifyCredentials: () => null });
    expect(await tryIt(counting({}).interceptor, as("ada"))).toEqual(ok());
    expect(await tryIt(strict, as("ada"))).toMatchObject(refused());
  });
});

describe("sessions are kept by all that their verification sees", () => {
  const sessions = (options: object) => {
    const seen: string[][] = [];
    const interceptor = createSessionAuthInterceptor({
      cache: {},
      verifySession(token, headers) {
        seen.push([...headers.keys()]);
        const device = headers.get("x-device");
        return { subject: `${token ?? headers.get("cookie")}/${device}` };
      },
      mapSession: (found) => found,
      ...options,
    });
    return { seen, interceptor };
  };

  test("a header that is not named is not seen, so it cannot be forgotten in the key", async () => {
    const { seen, interceptor } = sessions({ cookie: "s" });
    const headers = { cookie: "s=1", "x-device": "phone" };
    expect(await tryIt(interceptor, headers)).toEqual(ok("1/null"));
    expect(seen).toEqual([["cookie"]]);
  });

  test("a header that is named is seen, and tells entries apart", async () => {
    const { seen, interceptor } = sessions({ cookie: "s", cacheHeaders: ["x-device"] });
    for (const device of ["phone", "desk", "phone"]) {
      expect(await tryIt(interceptor, { cookie: "s=1", "x-device": device })).toEqual(ok(`1/${device}`));
    }
    expect(seen.length).toBe(2);
  });

  test("where the framework reads the headers, Cookie and Authorization both count", async () => {
    const { seen, interceptor } = sessions({});
    for (const headers of [
      { cookie: "s=1" },
      { cookie: "s=2" },
      { cookie: "s=1", authorization: "x" },
      { cookie: "s=1" },
    ]) {
      await tryIt(interceptor, headers);
    }
    expect(seen.length).toBe(3);
  });

  test("parts cannot be shifted between headers", async () => {
    const { seen, interceptor } = sessions({ cacheHeaders: ["x-device"] });
    await tryIt(interceptor, { cookie: 's=1","x', "x-device": "y" });
    await tryIt(interceptor, { cookie: "s=1", "x-device": 'x","y' });
    expect(seen.length).toBe(2);
  });

  test("without a cache it sees every header", async () => {
    const { interceptor } = sessions({ cookie: "s", cache: false });
    expect(await tryIt(interceptor, { cookie: "s=1", "x-device": "phone" })).toEqual(ok("1/phone"));
  });
});

test.each([
  { name: "verified at once", delay: undefined },
  { name: "verified later", delay: 10 },
])("what cannot be kept by a key is verified for each caller: $name", async ({ delay }) => {
  const verifySession = vi.fn((token: string | undefined) =>
    delay === undefined ? { token } : sleep(delay, { token }),
  );
  const interceptor = createSessionAuthInterceptor({
    cookie: "s",
    cache: false,
    verifySession,
    mapSession: ({ token = "" }) => ({ subject: token }),
  });
  const callers = ["ada", "bob", "ada", "eve"];
  const answers = await Promise.all(callers.map((caller) => tryIt(interceptor, { cookie: `s=${caller}` })));
  expect(answers).toEqual(callers.map((caller) => ok(caller)));
  expect(verifySession).toHaveBeenCalledTimes(4);
});

test.each([
  { name: "nothing", vouchedBy: undefined, isCurrent: undefined, want: 1 },
  { name: "nothing, where a key could be asked about", vouchedBy: undefined, isCurrent: () => false, want: 1 },
  { name: "a key that nobody asks about", vouchedBy: "key", isCurrent: undefined, want: 1 },
  { name: "a key that counts", vouchedBy: "key", isCurrent: (key: string) => key === "key", want: 1 },
  { name: "a key that does not count any more", vouchedBy: "key", isCurrent: () => false, want: 3 },
])("an entry for which $name vouches: three calls, $want verifications", async ({ vouchedBy, isCurrent, want }) => {
  const verify = vi.fn(async () => ({ identity: { subject: "ada" }, vouchedBy }));
  const scheme: AuthScheme = {
    name: "own",
    challenge: undefined,
    trustedHeaders: [],
    cache: {},
    ...(isCurrent && { isCurrent }),
    read: () => ({ key: "ada", verify }),
  };
  const { interceptors } = createAuth({ policies: [EchoServicePolicy], authenticate: scheme });
  for (let i = 0; i < 3; i++) expect(await tryIt(interceptors)).toEqual(ok());
  expect(verify).toHaveBeenCalledTimes(want);
});

describe("cached tokens and keys that rotate", () => {
  let keySet: TestKeySet;
  beforeAll(async () => {
    keySet = await startTestKeySet();
  });
  afterAll(() => keySet.close());
  const jwks = { maxAge: 100, cooldown: 10 };
  const byKeySet = () => createJwtAuthInterceptor({ jwksUri: keySet.jwksUri, audience: "lab", jwks });

  test("a key that disappears takes the tokens it vouched for with it; one that stays does not", async () => {
    const interceptor = byKeySet();
    const old = await keySet.sign({ sub: "ada", aud: "lab" });
    expect(await tryIt(interceptor, as(old))).toEqual(ok());
    await keySet.rotate({ keep: true });
    const fresh = await keySet.sign({ sub: "bob", aud: "lab" });
    expect(await tryIt(interceptor, as(fresh))).toEqual(ok("bob"));
    expect(await tryIt(interceptor, as(old))).toEqual(ok());
    await keySet.rotate();
    await vi.waitFor(async () => expect(await tryIt(interceptor, as(old))).toMatchObject(refused()), 20_000);
    expect(await tryIt(interceptor, as(fresh))).toMatchObject(refused());
    expect(await tryIt(interceptor, as(await keySet.sign({ sub: "eve", aud: "lab" })))).toEqual(ok("eve"));
  });
});

describe("a store that processes share", () => {
  const namespace = "test";
  const keyv = () => new Keyv<string>();

  test("one process verifies for all of them", async () => {
    const store = keyv();
    const one = counting({ store, namespace });
    const other = counting({ store, namespace });
    expect(await tryIt(one.interceptor, as("ada"))).toEqual(ok());
    await sleep(5);
    for (let i = 0; i < 3; i++) expect(await tryIt(other.interceptor, as("ada"))).toEqual(ok());
    expect([one.seen.length, other.seen.length]).toEqual([1, 0]);
  });

  test.each([
    { name: "that a key vouched for", vouchedBy: "key", expiresAt: undefined },
    { name: "that expires", vouchedBy: undefined, expiresAt: new Date(Date.now() + 60_000) },
  ])("so it does for a credential $name", async ({ vouchedBy, expiresAt }) => {
    const verify = vi.fn(async () => ({ identity: { subject: "ada", expiresAt }, vouchedBy }));
    const scheme: AuthScheme = {
      name: "own",
      challenge: undefined,
      trustedHeaders: [],
      cache: { store: keyv(), namespace },
      read: () => ({ key: "ada", verify }),
    };
    for (let i = 0; i < 3; i++) {
      const { interceptors } = createAuth({ policies: [EchoServicePolicy], authenticate: scheme });
      expect(await tryIt(interceptors)).toEqual(ok());
      await sleep(5);
    }
    expect(verify).toHaveBeenCalledTimes(1);
  });

  test("an identity is the same from the store as from the verifier", async () => {
    const store = keyv();
    const seen: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const interceptor = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab", cache: { store } });
      const token = await createTestJwt({
        sub: "ada",
        aud: "lab",
        exp: 4e9,
        iat: 1,
        roles: ["r"],
        scope: "a b",
        __proto__: 1,
      });
      const look: Interceptor = (next) => (req) => {
        seen.push(req.contextValues.get(authContextKey));
        return next(req);
      };
      await tryIt([interceptor, look], as(token));
      await sleep(5);
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(Object.isFrozen(seen[1])).toBe(true);
  });

  test("neither keys nor values carry the credential", async () => {
    const content = new Map<string, unknown>();
    const store: CacheStore = {
      get: (key) => content.get(key),
      set: (key, value) => content.set(key, value),
      delete: (key) => content.delete(key),
    };
    const { interceptor } = counting({ store, namespace });
    const random = "a-credential-that-nobody-else-has";
    const secretive = createAuthInterceptor({
      cache: { store, namespace },
      verifyCredentials: () => ({ subject: "ada" }),
    });
    await tryIt(secretive, as(random));
    await tryIt(interceptor, as("bad"));
    expect(content.size).toBe(1);
    expect(JSON.stringify([...content])).not.toContain(random);
  });

  test.each<[string, JwtOptions & object]>([
    ["another audience", { secret: TEST_JWT_SECRET, audience: "other" }],
    ["another issuer", { secret: TEST_JWT_SECRET, audience: "lab", issuer: "https://login.example.com" }],
    ["another key", { secret: `other ${TEST_JWT_SECRET}`, audience: "lab" }],
    ["another typ", { secret: TEST_JWT_SECRET, audience: "lab", typ: "at+jwt" }],
    ["a shorter age", { secret: TEST_JWT_SECRET, audience: "lab", maxTokenAge: 1 }],
    ["other claims", { secret: TEST_JWT_SECRET, audience: "lab", claimsMapping: { subject: "email" } }],
    ["a demanded claim", { secret: TEST_JWT_SECRET, audience: "lab", requiredClaims: ["tenant"] }],
  ])("a service that verifies otherwise does not believe the entry: %s", async (_, options) => {
    const store = keyv();
    const token = await createTestJwt({ sub: "ada", aud: "lab", iat: Math.floor(Date.now() / 1000) - 60 });
    const lax = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab", cache: { store } });
    expect(await tryIt(lax, as(token))).toEqual(ok());
    await sleep(5);
    expect(await tryIt(createJwtAuthInterceptor({ ...options, cache: { store } }), as(token))).toMatchObject(refused());
  });

  test("an entry of users does not make anybody internal", async () => {
    const store = keyv();
    const cache = { store, namespace };
    expect(await tryIt(counting(cache).interceptor, as("ada"))).toEqual(ok());
    await sleep(5);
    const trust = credentials({ cache, verifyCredentials: () => null });
    expect(await tryIt(createInternalAuthInterceptor({ trust }), as("ada"))).toMatchObject(refused());
  });

  test("an entry from the store ends when it would have ended where it came from", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const content = new Map<string, unknown>();
    const store: CacheStore = {
      get: (key) => content.get(key),
      set: (key, value) => content.set(key, value),
      delete: (key) => content.delete(key),
    };
    await tryIt(counting({ store, namespace, ttl: 1_000 }).interceptor, as("ada"));
    const other = counting({ store, namespace, ttl: 1_000 });
    vi.advanceTimersByTime(900);
    await tryIt(other.interceptor, as("ada"));
    expect(other.seen.length).toBe(0);
    vi.advanceTimersByTime(200);
    await tryIt(other.interceptor, as("ada"));
    expect(other.seen.length).toBe(1);
  });

  test.each([
    ["as long as it counts here", undefined, 60_000],
    ["as long as the credential does", 20_000, 20_000],
  ])("the store is told to keep an entry %s", async (_, expiresIn, want) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const set = vi.fn();
    const store: CacheStore = { get: () => undefined, set, delete: () => {} };
    expect(await tryIt(counting({ store, namespace, ttl: 60_000 }, expiresIn).interceptor, as("ada"))).toEqual(ok());
    expect(set.mock.calls).toEqual([[expect.any(String), expect.any(String), want]]);
  });

  test.each([undefined, null])("where the store has nothing (%s), there is nothing to remove", async (nothing) => {
    const deleted = vi.fn();
    const { seen, interceptor } = counting({
      store: { get: () => nothing, set: () => {}, delete: deleted },
      namespace,
    });
    expect(await tryIt(interceptor, as("ada"))).toEqual(ok());
    expect(seen).toEqual(["ada"]);
    expect(deleted).not.toHaveBeenCalled();
  });

  test("a store that failed is left alone for a second, and then asked again", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const get = vi.fn().mockRejectedValueOnce(new Error("down"));
    const { interceptor } = counting({ store: { get, set: () => {}, delete: () => {} }, namespace });
    for (const [token, wait, asked] of [
      ["a", 0, 1],
      ["b", 999, 1],
      ["c", 1, 2],
      ["d", 0, 3],
    ] as const) {
      vi.advanceTimersByTime(wait);
      expect(await tryIt(interceptor, as(token))).toEqual(ok(token));
      expect(get).toHaveBeenCalledTimes(asked);
    }
  });

  const entry = (over: object) =>
    JSON.stringify({
      version: 2,
      until: 9e15,
      identity: { subject: "eve", roles: [], scopes: [], claims: {}, type: "x" },
      ...over,
    });
  test.each<[string, unknown]>([
    ["nothing like JSON", "<html>"],
    ["an object", { subject: "eve" }],
    ["a number", 1],
    ["a list of an entry", [entry({})]],
    ["null in JSON", "null"],
    ["another version", entry({ version: 1 })],
    ["no end", entry({ until: "never" })],
    ["an end that is over", entry({ until: 1 })],
    ["no identity", entry({ identity: undefined })],
    ["no subject", entry({ identity: { roles: ["admin"] } })],
    ["roles that are no list", entry({ identity: { subject: "eve", roles: "admin" } })],
    ["an identity that has expired", entry({ identity: { subject: "eve", expiresAt: "1970-01-01T00:00:00.000Z" } })],
    ["an expiry that is no date", entry({ identity: { subject: "eve", expiresAt: "soon" } })],
    ["a key that is no string", entry({ vouchedBy: 1 })],
  ])("garbage in the store is verified instead, and removed: %s", async (_, value) => {
    const deleted: string[] = [];
    const store: CacheStore = { get: () => value, set: () => {}, delete: (key) => deleted.push(key) };
    const { seen, interceptor } = counting({ store, namespace });
    expect(await tryIt(interceptor, as("ada"))).toEqual(ok());
    expect([seen.length, deleted.length]).toEqual([1, 1]);
    expect(await tryIt(interceptor, as("bad"))).toMatchObject(refused());
  });

  test("an entry that a key vouched for is not believed by who does not have that key", async () => {
    const keySet = await startTestKeySet();
    const store: CacheStore = {
      get: () => entry({ vouchedBy: "a key of somebody else" }),
      set: () => {},
      delete: () => {},
    };
    const interceptor = createJwtAuthInterceptor({ jwksUri: keySet.jwksUri, audience: "lab", cache: { store } });
    expect(await tryIt(interceptor, as(await keySet.sign({ sub: "ada", aud: "lab" })))).toEqual(ok());
    expect(await tryIt(interceptor, as("x.y.z"))).toMatchObject(refused());
    await keySet.close();
  });

  test("a store far in the future does not stretch the ttl", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    let value: unknown = entry({});
    const store: CacheStore = { get: () => value, set: () => {}, delete: () => {} };
    const { seen, interceptor } = counting({ store, namespace, ttl: 1_000 });
    expect(await tryIt(interceptor, as("ada"))).toEqual(ok("eve"));
    value = undefined;
    vi.advanceTimersByTime(1_001);
    expect(await tryIt(interceptor, as("ada"))).toEqual(ok());
    expect(seen.length).toBe(1);
  });

  test.each<[string, CacheStore]>([
    [
      "throws",
      {
        get() {
          throw new Error("down");
        },
        set() {
          throw new Error("down");
        },
        delete() {
          throw new Error("down");
        },
      },
    ],
    [
      "rejects",
      {
        get: () => Promise.reject(new Error("down")),
        set: () => Promise.reject(new Error("down")),
        delete: () => Promise.reject(new Error("down")),
      },
    ],
    [
      "never answers",
      { get: () => new Promise(() => {}), set: () => new Promise(() => {}), delete: () => new Promise(() => {}) },
    ],
  ])("a store that %s costs a bounded time once, and lets nobody in", async (_, store) => {
    const { seen, interceptor } = counting({ store, namespace, storeTimeout: 200, maxSize: 1 });
    await withMovedClock(async () => {
      const start = performance.now();
      for (let i = 0; i < 10; i++) {
        expect(await passUntil(tryIt(interceptor, as(`caller-${i}`)))).toEqual(ok(`caller-${i}`));
        expect(await passUntil(tryIt(interceptor, as("bad")))).toMatchObject(refused());
      }
      expect(performance.now() - start).toBeLessThan(400);
    });
    expect(seen.length).toBe(20);
  });
});
