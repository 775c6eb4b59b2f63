import { type CacheOptions, type CacheStore, createRevocations, credentials } from "@connectum/auth";
import { Keyv } from "keyv";
import { afterEach, describe, expect, test, vi } from "vitest";
import { startInstance } from "./instance.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
const secret = "a secret of at least 32 characters";

function start(store: CacheStore, cache: Partial<CacheOptions> = {}) {
  const verifyCredentials = vi.fn((token: string) => ({
    subject: token,
    roles: ["r"],
    claims: { at: "2026-01-01T00:00:00.000Z", n: 1 },
    expiresAt: new Date(Date.now() + 3_600_000),
  }));
  const instance = startInstance({
    authenticate: credentials({ verifyCredentials, cache: { store, namespace: "n", ...cache } }),
    revocations: createRevocations({ store, interval: 1 }),
  });
  return { ...instance, verifications: () => verifyCredentials.mock.calls.length };
}

/** A store over a Map, with what a kind of store does to values, and with the entries to look at. */
function storeOver(
  entries: Map<string, string>,
  { read = (text: string): unknown => text, write = (_ttl: number): unknown => undefined } = {},
): CacheStore {
  return {
    get: async (key) => {
      const text = entries.get(key);
      return text === undefined ? null : read(text);
    },
    set: async (key, value, ttl) => {
      const answer = write(ttl);
      if (answer !== false) entries.set(key, value);
      return answer;
    },
    delete: async (key) => Number(entries.delete(key)),
  };
}

/** As `@upstash/redis` reads by default. */
const parseWhereItCan = (text: string) => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
const wholeMilliseconds = (ttl: number) => {
  if (!Number.isSafeInteger(ttl) || ttl < 1) throw new Error("ERR value is not an integer or out of range");
  return "OK";
};

const kinds: [string, () => CacheStore][] = [
  ["gives texts as they are", () => storeOver(new Map())],
  ["parses JSON where it can", () => storeOver(new Map(), { read: parseWhereItCan })],
  ["parses everything as JSON", () => storeOver(new Map(), { read: JSON.parse })],
  ["gives Buffers", () => storeOver(new Map(), { read: (text) => Buffer.from(text) })],
  ["gives bytes", () => storeOver(new Map(), { read: (text) => new TextEncoder().encode(text) })],
  ["takes whole milliseconds alone, as Redis does", () => storeOver(new Map(), { write: wholeMilliseconds })],
  ["answers set with true", () => storeOver(new Map(), { write: () => true })],
  ["answers set with null", () => storeOver(new Map(), { write: () => null })],
  ["is a Map", () => new Map<string, string>()],
  ["is a Keyv", () => new Keyv<string>()],
  ["is a Keyv with a namespace", () => new Keyv<string>({ namespace: "auth" })],
  ["is a Keyv over a Map of texts", () => new Keyv<string>({ store: new Map() })],
];

describe.each(kinds)("a store that %s", (_, create) => {
  test.each<[string, Partial<CacheOptions>]>([
    ["", {}],
    [", encrypted", { secret }],
    [", with a ttl that is no whole number", { ttl: 60_000 / 7 }],
  ])("shares verified credentials%s", async (_, cache) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const store = create();
    const first = start(store, cache);
    expect(await first.call("ada")).toBe("ada");
    await settled();
    const second = start(store, cache);
    expect(await second.call("ada")).toBe("ada");
    expect([first.verifications(), second.verifications()]).toEqual([1, 0]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("shares revocations, each with what it means", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const store = create();
    const [first, second] = [start(store), start(store)];
    await first.revoke({ subject: "ada" });
    await first.revoke({ credential: "eve" });
    expect([await second.call("ada"), await second.call("eve"), await second.call("bob")]).toEqual([
      "Unauthenticated",
      "Unauthenticated",
      "bob",
    ]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("does not lock a subject out: who signs in after the revocation is let in", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    const store = create();
    await start(store).revoke({ subject: "ada" });
    const later = startInstance({
      authenticate: credentials({
        verifyCredentials: (age) => ({ subject: "ada", claims: { iat: 1_800_000_000 + Number(age) } }),
      }),
      revocations: createRevocations({ store }),
    });
    expect([await later.call("-1"), await later.call("60")]).toEqual(["Unauthenticated", "ada"]);
  });
});

test("a ttl below a millisecond stores nothing, and a huge one is a whole number", async () => {
  const ttls: number[] = [];
  const write = (ttl: number) => ttls.push(ttl);
  for (const ttl of [0.5, 1.5, 1e300]) {
    const { call } = startInstance({
      authenticate: credentials({
        verifyCredentials: (subject) => ({ subject }),
        cache: { store: storeOver(new Map(), { write }), namespace: "n", ttl },
      }),
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    expect(await call("ada")).toBe("ada");
    await settled();
  }
  expect(ttls).toEqual([1, Number.MAX_SAFE_INTEGER]);
});

describe("what cannot work is said, once in ten minutes, without values", () => {
  const nothing: CacheStore = { get: () => undefined, set: () => undefined, delete: () => undefined };
  const failure = () => {
    throw Object.assign(new Error("connect redis://:hunter2@10.0.0.7"), { name: "ReplyError" });
  };
  test.each<[string, Partial<CacheStore>, RegExp]>([
    ["set throws", { set: failure }, /cache\.store: set failed \(ReplyError\)/],
    ["set answers false", { set: async () => false }, /cache\.store: set returned false/],
    ["get throws", { get: failure }, /cache\.store: get failed \(ReplyError\)/],
    ["get never answers", { get: () => new Promise(() => {}) }, /cache\.store: get did not answer in time/],
    ["get gives something else", { get: () => "[object Object]" }, /cache\.store: get returned a value that/],
    ["get gives a number", { get: () => 1 }, /cache\.store: get returned a value that/],
    ["get gives what refers to itself", { get: () => globalThis }, /cache\.store: get returned a value that/],
  ])("%s", async (_, broken, message) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { call } = startInstance({
      authenticate: credentials({
        verifyCredentials: (subject) => ({ subject }),
        cache: { store: { ...nothing, ...broken }, namespace: "n", storeTimeout: 5 },
      }),
    });
    vi.useFakeTimers({ toFake: ["performance"] });
    for (const [token, wait, times] of [
      ["a", 0, 1],
      ["b", 2_000, 1],
      ["c", 600_000, 2],
    ] as const) {
      vi.advanceTimersByTime(wait);
      let answer: string | undefined;
      void call(token).then((subject) => {
        answer = subject;
      });
      while (answer === undefined) {
        // Time goes on for the store's time limit.
        vi.advanceTimersByTime(1);
        await settled();
      }
      expect(answer).toBe(token);
      await settled();
      expect(warn).toHaveBeenCalledTimes(times);
      expect(warn.mock.lastCall?.[0]).toMatch(message);
      expect(warn.mock.lastCall?.[0]).not.toContain("hunter2");
    }
  });

  test("a revocation that cannot be read refuses, and is said", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { call } = startInstance({
      authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
      revocations: createRevocations({ store: { ...nothing, get: () => "{}" } }),
    });
    expect([await call("ada"), await call("bob")]).toEqual(["Unauthenticated", "Unauthenticated"]);
    expect(warn.mock.calls).toEqual([[expect.stringContaining("revocations.store: get returned a value that")]]);
  });
});

test("a store that is no store says what to write", () => {
  const client = { get: () => null, set: () => "OK", del: () => 1 };
  expect(() => createRevocations({ store: client as never })).toThrow(
    /expected a store with the methods get, set and delete, .*; wrap other clients/,
  );
});

test("whatever a store throws, the process goes on, and the log shows no more than a name", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", listen);
  try {
    const fail = () => {
      throw new Error("a getter failed");
    };
    const odd: unknown[] = [
      Object.assign(new Error("x"), { code: Symbol("s") }),
      Object.assign(new Error("x"), { code: { toString: null } }),
      Object.assign(new Error("x"), { code: "redis://user:password@host\n[fake] line" }),
      Object.defineProperty(new Error("x"), "code", { get: () => fail() }),
      new Proxy({}, { get: () => fail() }),
      Symbol("s"),
      undefined,
    ];
    for (const error of odd) {
      const reject = () => Promise.reject(error);
      const { call } = start({ get: reject, set: reject, delete: reject });
      expect(await call("ada")).toBe("ada");
      await settled();
    }
    expect(unhandled).toEqual([]);
    expect(warn.mock.calls.length).toBeGreaterThanOrEqual(odd.length);
    expect(warn.mock.calls.flat().join("")).not.toMatch(/password|fake/);
  } finally {
    process.off("unhandledRejection", listen);
  }
});
