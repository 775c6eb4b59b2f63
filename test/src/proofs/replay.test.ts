import { createJwtAuthInterceptor } from "@connectum/auth";
import { dpop } from "@connectum/auth/jwt";
import { Keyv } from "keyv";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { TestStore } from "../store/instance.js";
import { ok, refused, tryIt, unavailable } from "../support/call.js";
import { refusalOf } from "../support/verification.js";
import { type BoundClient, createBoundClient, hashOf, issuer, provenHeaders, unaryAt } from "./bound-tokens.js";

const baseUrl = "https://api.example.com";
let ada: BoundClient;
let token: string;
let warn: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  ada = await createBoundClient();
  token = await ada.token({ exp: Math.floor(Date.now() / 1000) + 1_000_000 });
});
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  warn.mockRestore();
});

const headers = () => provenHeaders(ada, { baseUrl, token });
const create = (options: object = {}) =>
  createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl, ...options })] });
const codesOf = async (calls: Promise<{ code: string }>[]) => (await Promise.all(calls)).map(({ code }) => code).sort();

/** A store with the atomic form. */
function atomicStore() {
  const keys = new Map<string, number>();
  return { keys, add: (key: string, ttl: number) => !keys.has(key) && keys.set(key, ttl) !== undefined };
}

describe("a proof that comes again", () => {
  test("is refused, at the same time and later, and by its identifier rather than its signature", async () => {
    const interceptor = create();
    const proven = await headers();
    const codes = await codesOf(Array.from({ length: 50 }, () => tryIt(interceptor, proven)));
    expect(codes.filter((code) => code === "ok")).toHaveLength(1);
    const claims = { htm: "POST", htu: unaryAt(baseUrl), ath: hashOf(token), jti: "one" };
    const [first, again] = await Promise.all([ada.proof(claims), ada.proof(claims)]);
    expect(first).not.toBe(again);
    expect(await tryIt(interceptor, { ...proven, dpop: first })).toEqual(ok());
    expect(await refusalOf(interceptor, { ...proven, dpop: again })).toMatchObject({
      reason: "proof",
      message: "the DPoP proof was used before (jti)",
    });
  });

  test("does not count against another key with the same identifier", async () => {
    const eve = await createBoundClient();
    const interceptor = create();
    for (const client of [ada, eve]) {
      const own = await client.token();
      const claims = { htm: "POST", htu: unaryAt(baseUrl), ath: hashOf(own), jti: "same" };
      const proven = { authorization: `DPoP ${own}`, dpop: await client.proof(claims) };
      expect(await tryIt(interceptor, proven)).toEqual(ok());
      expect(await tryIt(interceptor, proven)).toMatchObject(refused());
    }
  });

  test("is not used up by a forger who names its identifier", async () => {
    const interceptor = create();
    const claims = { htm: "POST", htu: unaryAt(baseUrl), ath: hashOf(token), jti: "mine" };
    const right = await ada.proof(claims);
    const [head, body] = right.split(".");
    const forged = `${head}.${body}.${"A".repeat(86)}`;
    expect(await tryIt(interceptor, { authorization: `DPoP ${token}`, dpop: forged })).toMatchObject(refused());
    expect(await tryIt(interceptor, { authorization: `DPoP ${token}`, dpop: right })).toEqual(ok());
  });

  test("is refused at every moment of its window, and after it as too old", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const interceptor = create();
    const proven = await headers();
    expect(await tryIt(interceptor, proven)).toEqual(ok());
    for (let second = 0; second < 90; second += 5) {
      vi.advanceTimersByTime(5_000);
      expect((await refusalOf(interceptor, proven)) as Error).toMatchObject({ reason: "proof" });
      expect(await tryIt(interceptor, await headers())).toEqual(ok());
    }
  });

  test("is refused after the wall clock was set back", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const interceptor = create();
    const start = Date.now();
    vi.setSystemTime(start + 3_600_000);
    const proven = await headers();
    expect(await tryIt(interceptor, proven)).toEqual(ok());
    vi.setSystemTime(start);
    vi.advanceTimersByTime(120_000);
    expect(await tryIt(interceptor, await headers())).toEqual(ok());
    vi.setSystemTime(start + 3_600_000);
    expect(await tryIt(interceptor, proven)).toMatchObject(refused());
    expect(await tryIt(interceptor, await headers())).toEqual(ok());
  });

  test("is never forgotten for want of room: calls beyond are unavailable until a proof is too old", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const interceptor = create({ maxSize: 3 });
    const used = await Promise.all([headers(), headers(), headers()]);
    for (const proven of used) expect(await tryIt(interceptor, proven)).toEqual(ok());
    expect(await tryIt(interceptor, await headers())).toEqual(unavailable);
    for (const proven of used) expect(await tryIt(interceptor, proven)).toMatchObject(refused());
    vi.advanceTimersByTime(70_000);
    expect(await tryIt(interceptor, await headers())).toEqual(unavailable);
    vi.advanceTimersByTime(1_000);
    expect(await tryIt(interceptor, await headers())).toEqual(ok());
    for (const proven of used) expect(await tryIt(interceptor, proven)).toMatchObject(refused());
  });

  test("is remembered in no more room than allowed after the wall clock was set back", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const interceptor = create({ maxSize: 3 });
    const start = Date.now();
    vi.setSystemTime(start + 86_400_000);
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, await headers())).toEqual(ok());
    vi.setSystemTime(start);
    vi.advanceTimersByTime(71_000);
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, await headers())).toEqual(ok());
    expect(await tryIt(interceptor, await headers())).toEqual(unavailable);
  });
});

describe("instances that share a store", () => {
  const stores = {
    "with add": atomicStore,
    "of get and set": () => new TestStore(),
    "of get and set, with bytes": () => {
      const store = new TestStore();
      const get = (key: string) => {
        const text = store.get(key) as string | undefined;
        return text === undefined ? undefined : new TextEncoder().encode(text);
      };
      return { get, set: store.set.bind(store), delete: store.delete.bind(store) };
    },
    "that is a Keyv": () => new Keyv<string>(),
  };

  test.each(Object.entries(stores))("%s, accept a proof once", async (_, createStore) => {
    const store = createStore();
    const [first, second] = [create({ store }), create({ store })];
    for (let i = 0; i < 3; i++) {
      const proven = await headers();
      expect(await tryIt(first, proven)).toEqual(ok());
      expect(await tryIt(second, proven)).toMatchObject(refused());
      expect(await tryIt(second, await headers())).toEqual(ok());
    }
  });

  test("without a store accept it once each", async () => {
    const proven = await headers();
    for (const interceptor of [create(), create()]) {
      expect(await tryIt(interceptor, proven)).toEqual(ok());
      expect(await tryIt(interceptor, proven)).toMatchObject(refused());
    }
  });

  test("keep a digest for the whole window, and nothing else", async () => {
    const store = atomicStore();
    await tryIt(create({ store }), await headers());
    await tryIt(create({ store, maxAge: 10, clockTolerance: 0.5 }), await headers());
    expect([...store.keys.values()]).toEqual([70_000, 11_000]);
    for (const key of store.keys.keys()) expect(key).toMatch(/^dpop:[\w-]{43}$/);
  });

  test("answer unavailable while it fails, and go on when it is back", async () => {
    const store = new TestStore();
    const interceptor = create({ store, storeTimeout: 50 });
    for (const behaviour of ["failing", "refusing", "hanging"] as const) {
      store.behaviour = behaviour;
      const proven = await headers();
      expect(await tryIt(interceptor, proven), behaviour).toEqual(unavailable);
      store.behaviour = "well";
      expect(await tryIt(interceptor, proven), "may be used up already").toMatchObject(refused());
      expect(await tryIt(interceptor, await headers()), behaviour).toEqual(ok());
    }
  });

  test.each<[string, unknown]>([
    ["the answer of Redis", "OK"],
    ["null", null],
    ["nothing", undefined],
    ["itself, as a Set", new Set()],
    ["1", 1],
  ])("answer unavailable if add returns %s", async (_, answer) => {
    expect(await tryIt(create({ store: { add: () => answer } }), await headers())).toEqual(unavailable);
  });

  test("that has lost its writes answer unavailable", async () => {
    const store = { get: () => undefined, set: () => true, delete: () => true };
    expect(await tryIt(create({ store }), await headers())).toEqual(unavailable);
  });

  test("go on without it where an option says so, each with its own memory, and say so", async () => {
    const store = new TestStore();
    store.behaviour = "failing";
    const [first, second] = [0, 1].map(() => create({ store, storeFailure: "local" })) as [never, never];
    const proven = await headers();
    expect(await tryIt(first, proven)).toEqual(ok());
    expect(await tryIt(first, proven)).toMatchObject(refused());
    expect(await tryIt(second, proven)).toEqual(ok());
    expect(warn.mock.calls.flat().join()).toMatch(/dpop.store: failed \(.*\); each instance accepts a proof once/);
    // After a pause of a second, the store is asked again.
    vi.useFakeTimers({ toFake: ["performance"] });
    store.behaviour = "well";
    vi.advanceTimersByTime(1_001);
    const later = await headers();
    expect(await tryIt(create({ store, storeFailure: "local" }), later)).toEqual(ok());
    expect(await tryIt(create({ store, storeFailure: "local" }), later)).toMatchObject(refused());
  });
});

describe("a nonce", () => {
  const secret = "a secret that all instances share";
  const nonceOf = async (interceptor: ReturnType<typeof create>, claims: object = {}) => {
    let nonce: string | null = null;
    const look: typeof interceptor = (next) => (req) =>
      next(req).catch((error) => {
        nonce = error.metadata.get("dpop-nonce");
        throw error;
      });
    const answer = await tryIt([look, interceptor], await provenHeaders(ada, { baseUrl, token, ...claims }));
    return { answer, nonce: nonce ?? undefined };
  };

  test("is demanded in every proof, and given out with the refusal", async () => {
    const interceptor = create({ nonce: { secret } });
    const { answer, nonce } = await nonceOf(interceptor);
    expect(answer).toMatchObject({ ...refused(), challenge: expect.stringContaining('DPoP error="use_dpop_nonce"') });
    expect(await nonceOf(interceptor, { nonce })).toEqual({ answer: ok(), nonce: undefined });
    for (const wrong of ["", "x", 1, null, [nonce], `${nonce}=`]) {
      expect((await nonceOf(interceptor, { nonce: wrong })).nonce).toBe(nonce);
    }
  });

  test("counts at every instance with the secret, also while the secret changes", async () => {
    const next = "the next secret that all instances share";
    const { nonce } = await nonceOf(create({ nonce: { secret } }));
    const { nonce: newer } = await nonceOf(create({ nonce: { secret: [next, secret] } }));
    expect((await nonceOf(create({ nonce: { secret: [next, secret] } }), { nonce })).answer).toEqual(ok());
    expect((await nonceOf(create({ nonce: { secret: [secret, next] } }), { nonce: newer })).answer).toEqual(ok());
    expect((await nonceOf(create({ nonce: { secret: next } }), { nonce })).answer).toMatchObject(refused());
    expect((await nonceOf(create({ nonce: { secret } }), { nonce: newer })).answer).toMatchObject(refused());
  });

  test("counts for one to two of its lifetimes, and never for longer", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    vi.setSystemTime(Math.ceil(Date.now() / 300_000) * 300_000);
    const interceptor = create({ nonce: { secret, lifetime: 300 } });
    const { nonce } = await nonceOf(interceptor);
    for (const [after, want] of [
      [0, "ok"],
      [299_000, "ok"],
      [300_000, "ok"],
      [1_000, "Unauthenticated"],
    ] as const) {
      vi.advanceTimersByTime(after);
      expect((await nonceOf(interceptor, { nonce })).answer.code, `${after}`).toBe(want);
    }
    const { nonce: newer } = await nonceOf(interceptor);
    expect((await nonceOf(interceptor, { nonce: newer })).answer).toEqual(ok());
  });
});
