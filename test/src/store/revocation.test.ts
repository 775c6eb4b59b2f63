import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  createGatewayAuthInterceptor,
  createRevocations,
  credentials,
  InvalidCredentialError,
  type Revocation,
  type RevocationOptions,
  session,
} from "@connectum/auth";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { passUntil, withMovedClock } from "../support/moved-clock.js";
import { type Instance, startInstance, TestStore } from "./instance.js";

afterEach(() => vi.useRealTimers());

/** A promise that a test resolves. */
function defer<T>() {
  let resolve = (_: T) => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const seconds = () => Math.floor(Date.now() / 1000);

/** Tokens are `subject/tokenId/seconds since they were issued`. */
function start(options?: RevocationOptions): Instance & { verifications(): number } {
  const verifyCredentials = vi.fn((token: string) => {
    const [subject = "", jti, age] = token.split("/");
    return { subject, claims: { ...(jti && { jti }), ...(age && { iat: seconds() - Number(age) }) } };
  });
  const instance = startInstance({
    authenticate: credentials({ verifyCredentials, cache: { ttl: 60_000 } }),
    ...(options && { revocations: createRevocations(options) }),
  });
  return { ...instance, verifications: () => verifyCredentials.mock.calls.length };
}

describe("in this instance, at once, whatever is cached", () => {
  const cases: [string, Revocation, string, string][] = [
    ["a subject", { subject: "ada" }, "ada/t1", "bob/t1"],
    ["another token of the subject", { subject: "ada" }, "ada/t2", "adam/t2"],
    ["a token by its id", { tokenId: "t1" }, "ada/t1", "ada/t2"],
    ["a credential", { credential: "ada/t1" }, "ada/t1", "ada/t2"],
    ["a claim name is no subject", { subject: "t1" }, "t1/x", "ada/t1"],
  ];
  test.each(cases)("%s", async (_, what, refused, served) => {
    const { call, revoke, verifications } = start();
    expect([await call(refused), await call(served)]).toEqual([refused, served].map((token) => token.split("/")[0]));
    const done = revoke(what);
    expect(await call(refused)).toBe("Unauthenticated");
    await done;
    expect(await call(refused)).toBe("Unauthenticated");
    expect(await call(served)).toBe(served.split("/")[0]);
    expect(verifications()).toBe(2);
  });

  test("a verification that is under way does not slip through", async () => {
    const started = defer<(identity: { subject: string }) => void>();
    const { call, revoke } = startInstance({
      authenticate: credentials({
        verifyCredentials: () => new Promise<{ subject: string }>((answer) => started.resolve(answer)),
      }),
    });
    const pending = call("ada");
    const answer = await started.promise;
    await revoke({ subject: "ada" });
    answer({ subject: "ada" });
    expect(await pending).toBe("Unauthenticated");
  });

  test("a subject's credentials that are issued later are good; those that do not say when are not", async () => {
    const { call, revoke } = start({ clockTolerance: 1 });
    await revoke({ subject: "ada" });
    expect(await call("ada/old/10")).toBe("Unauthenticated");
    expect(await call("ada/unsaid")).toBe("Unauthenticated");
    expect(await call("ada/new/-2")).toBe("ada");
  });

  test("a clock that is ahead does not save a credential", async () => {
    const { call, revoke } = start({ clockTolerance: 5_000 });
    await revoke({ subject: "ada" });
    expect(await call("ada/ahead/-3")).toBe("Unauthenticated");
    expect(await call("ada/new/-20")).toBe("ada");
  });

  test("a session by the value of its cookie, cached or not", async () => {
    for (const cache of [false, { ttl: 60_000 }] as const) {
      const { call, revoke } = startInstance({
        authenticate: session({
          bearer: true,
          verifySession: (token) => token,
          mapSession: (subject) => ({ subject }),
          cache,
        }),
      });
      expect(await call("ada")).toBe("ada");
      await revoke({ credential: "ada" });
      expect(await call("ada")).toBe("Unauthenticated");
      expect(await call("bob")).toBe("bob");
    }
  });

  test("whom a gateway vouches for, by the subject", async () => {
    const revocations = createRevocations();
    const secret = "the-secret-of-the-gateway";
    const interceptor = createGatewayAuthInterceptor({
      trustSource: { header: "x-gateway-secret", secrets: secret },
      revocations,
    });
    let cause: unknown;
    const outer: Interceptor = (next) => (req) =>
      next(req).catch((error) => {
        cause = error.cause;
        throw error;
      });
    const as = (subject: string) =>
      tryIt([outer, interceptor], { "x-gateway-secret": secret, "x-auth-subject": subject });
    await revocations.revoke({ subject: "ada" });
    expect(await as("bob")).toEqual(ok("bob"));
    expect(await as("ada")).toEqual({ ...refused(), challenge: null });
    // For the server's log.
    expect(cause).toEqual(new InvalidCredentialError("revoked by subject", { reason: "revoked" }));
  });

  test("until the ttl is over, of the last time", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const { call, revoke } = start({ ttl: 50 });
    for (const [wait, revoked, want] of [
      [0, true, "Unauthenticated"],
      [49, false, "Unauthenticated"],
      [1, false, "ada"],
      [0, true, "Unauthenticated"],
      [20, true, "Unauthenticated"],
      [49, false, "Unauthenticated"],
      [1, false, "ada"],
    ] as const) {
      vi.advanceTimersByTime(wait);
      if (revoked) await revoke({ subject: "ada" });
      expect(await call("ada")).toBe(want);
    }
  });

  test("a subject again, which counts from the later time", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const { call, revoke } = start({ clockTolerance: 1 });
    await revoke({ subject: "ada" });
    vi.advanceTimersByTime(20_000);
    expect(await call("ada/between/10")).toBe("ada");
    await revoke({ subject: "ada" });
    expect([await call("ada/between/10"), await call("ada/new/-2")]).toEqual(["Unauthenticated", "ada"]);
  });

  test("a credential that is issued as late as a clock may be ahead is refused, a later one is not", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: 1_000_000_000_000 });
    const { call, revoke } = start({ clockTolerance: 3_000 });
    await revoke({ subject: "ada" });
    expect([await call("ada/x/-3"), await call("ada/x/-4")]).toEqual(["Unauthenticated", "ada"]);
  });

  test("what every object inherits is no claim", async () => {
    const { call, revoke } = start();
    await revoke({ subject: "ada" });
    await revoke({ tokenId: "inherited" });
    const inherited = { iat: seconds() + 1_000, jti: "inherited" };
    for (const [name, value] of Object.entries(inherited)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true });
    }
    try {
      expect([await call("ada"), await call("bob")]).toEqual(["Unauthenticated", "bob"]);
    } finally {
      for (const name of Object.keys(inherited)) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

describe("in other instances, through the store", () => {
  const interval = 150;

  test("within the interval, and before it is over not asked again", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const store = new TestStore();
    const [a, b] = [start({ store, interval }), start({ store, interval })];
    expect([await a.call("ada"), await b.call("ada"), await b.call("bob")]).toEqual(["ada", "ada", "bob"]);
    vi.advanceTimersByTime(10);
    await a.revoke({ subject: "ada" });
    const readsBefore = store.reads;
    vi.advanceTimersByTime(interval - 11);
    expect([await b.call("ada"), store.reads - readsBefore]).toEqual(["ada", 0]);
    vi.advanceTimersByTime(1);
    // Two names of the caller.
    expect([await b.call("ada"), store.reads - readsBefore]).toEqual(["Unauthenticated", 2]);
    expect(await b.call("bob")).toBe("bob");
  });

  test("at once for a caller that the instance has not seen", async () => {
    const store = new TestStore();
    const [a, b] = [start({ store, interval }), start({ store, interval })];
    await a.revoke({ tokenId: "t1" });
    expect([await b.call("ada/t1"), await b.call("ada/t2")]).toEqual(["Unauthenticated", "ada"]);
  });

  test("for good, once heard of, also while the store is away", async () => {
    const store = new TestStore();
    const [a, b] = [start({ store, interval }), start({ store, interval })];
    await a.revoke({ credential: "ada" });
    expect(await b.call("ada")).toBe("Unauthenticated");
    store.behaviour = "failing";
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    vi.advanceTimersByTime(interval + 20);
    expect([await b.call("ada"), await b.call("bob")]).toEqual(["Unauthenticated", "bob"]);
  });

  test.each(["failing", "hanging"] as const)("a store that is %s holds up nobody for long", async (behaviour) => {
    const store = new TestStore();
    store.behaviour = behaviour;
    const { call } = start({ store, interval, storeTimeout: 50 });
    await withMovedClock(async () => {
      const start = performance.now();
      const callers = ["ada", "bob", "eve"];
      expect(await passUntil(Promise.all(callers.map(call)))).toEqual(callers);
      expect(performance.now() - start).toBeLessThan(100);
    });
  });

  test.each([
    ["failing", new Error("ECONNREFUSED")],
    ["hanging", new ConnectError("not within 50 ms", Code.DeadlineExceeded)],
    ["refusing", undefined],
  ] as const)("a store that is %s is reported", async (behaviour, cause) => {
    const store = new TestStore();
    store.behaviour = behaviour;
    const { call, revoke } = start({ store, interval, storeTimeout: 50 });
    const error = await revoke({ subject: "ada" }).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new Error("the store did not take the revocation: only this instance refuses", { cause }));
    expect([await call("ada"), await call("bob")]).toEqual(["Unauthenticated", "bob"]);
    store.behaviour = "well";
    await revoke({ subject: "ada" });
  });

  // As a Keyv over Redis does with a write to a read-only replica.
  test.each([
    { name: "nothing", kept: undefined },
    { name: "an older revocation", kept: JSON.stringify({ at: 1_000, until: 9e12 }) },
  ])("a store that says yes, and then has $name, is reported", async ({ kept }) => {
    const store = { get: () => kept, set: () => true, delete: () => true };
    const { call, revoke } = start({ store, interval });
    await expect(revoke({ subject: "ada" })).rejects.toThrow("the store did not take the revocation");
    expect(await call("ada")).toBe("Unauthenticated");
  });

  test("while the store is asked, what is revoked here counts at once", async () => {
    const store = new TestStore();
    const { call, revoke } = start({ store, interval });
    const answered = defer<undefined>();
    const get = vi.spyOn(store, "get");
    for (let i = 0; i < 4; i++) get.mockReturnValueOnce(answered.promise);
    const pending = ["ada", "bob", "ada"].map(call);
    await vi.waitFor(() => expect(get).toHaveBeenCalledTimes(4), 20_000);
    await revoke({ subject: "ada" });
    answered.resolve(undefined);
    expect(await Promise.all(pending)).toEqual(["Unauthenticated", "bob", "Unauthenticated"]);
    // Two names of each caller, and the revocation, which is read back.
    expect(get).toHaveBeenCalledTimes(5);
  });

  test("asked again when the interval is over, and no sooner", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const store = new TestStore();
    const { call } = start({ store, interval });
    for (const [wait, reads] of [
      [0, 2],
      [interval - 1, 2],
      [1, 4],
      [interval - 1, 4],
    ] as const) {
      vi.advanceTimersByTime(wait);
      expect(await call("ada")).toBe("ada");
      expect(store.reads).toBe(reads);
    }
  });

  test("a newer one is not undone by an older one that the store still has", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const store = new TestStore();
    const [a, b] = [start({ store, clockTolerance: 1 }), start({ store, clockTolerance: 1 })];
    await a.revoke({ subject: "ada" });
    vi.advanceTimersByTime(20_000);
    // Issued between the two.
    expect(await a.call("ada/between/10")).toBe("ada");
    store.behaviour = "failing";
    await expect(b.revoke({ subject: "ada" })).rejects.toThrow("only this instance refuses");
    store.behaviour = "well";
    expect([await b.call("ada/new/-20"), await b.call("ada/between/10")]).toEqual(["ada", "Unauthenticated"]);
  });

  test.each<[string, unknown, string]>([
    ["no JSON", "garbage", "Unauthenticated"],
    ["null in JSON", "null", "Unauthenticated"],
    ["a number", 1, "Unauthenticated"],
    ["no times", "{}", "Unauthenticated"],
    ["no end", '{"at":0}', "Unauthenticated"],
    ["no beginning", `{"until":${9e15}}`, "Unauthenticated"],
    ["times that are texts", '{"at":"0","until":"0"}', "Unauthenticated"],
    ["one that counts", `{"at":${9e15},"until":${9e15}}`, "Unauthenticated"],
    ["one of long ago", `{"at":0,"until":${9e15}}`, "ada"],
    ["one that is over", `{"at":${9e15},"until":0}`, "ada"],
    ["nothing", undefined, "ada"],
    ["null", null, "ada"],
  ])("in the place of a revocation %s: what cannot be read refuses, for the ttl", async (_, value, want) => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const store = new TestStore();
    const [a, b] = [start({ store, ttl: 60_000 }), start({ store, ttl: 60_000 })];
    await a.revoke({ subject: "ada" });
    for (const key of store.entries.keys()) store.entries.set(key, value as string);
    expect([await b.call("ada/x/-100"), await b.call("bob")]).toEqual([want, "bob"]);
    store.entries.clear();
    vi.advanceTimersByTime(59_999);
    expect(await b.call("ada/x/-100")).toBe(want);
    vi.advanceTimersByTime(1);
    // What is over has no say any more.
    await b.revoke({ subject: "ada" });
    expect([await b.call("ada/x/-100"), await b.call("ada/x/100")]).toEqual(["ada", "Unauthenticated"]);
  });

  test("what the store holds names nobody", async () => {
    const store = new TestStore();
    const { revoke } = start({ store });
    for (const what of [{ subject: "ada" }, { tokenId: "t1" }, { credential: "secret" }]) await revoke(what);
    // And the mark that changes with each.
    expect(store.entries.size).toBe(4);
    expect(JSON.stringify([...store.entries])).not.toMatch(/ada|t1|secret/);
  });
});

describe("bounds", () => {
  test("no more than maxSize are kept, and none that counts is dropped for another", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const { call, revoke } = start({ maxSize: 2, ttl: 200 });
    const all = () => Promise.all(["a", "b", "c"].map(call));
    await revoke({ subject: "a" });
    vi.advanceTimersByTime(100);
    await revoke({ subject: "b" });
    await revoke({ subject: "b" });
    await expect(revoke({ subject: "c" })).rejects.toThrow(new RangeError("2 revocations are kept already"));
    expect(await all()).toEqual(["Unauthenticated", "Unauthenticated", "c"]);
    vi.advanceTimersByTime(100);
    await revoke({ subject: "c" });
    expect(await all()).toEqual(["a", "Unauthenticated", "Unauthenticated"]);
    await expect(revoke({ subject: "a" })).rejects.toThrow(RangeError);
  });

  test("what the memory has no room for is refused all the same, as long as the store says so", async () => {
    const store = new TestStore();
    const [a, b] = [start({ store }), start({ store, maxSize: 1 })];
    await b.revoke({ subject: "bob" });
    await a.revoke({ subject: "ada" });
    for (let i = 0; i < 2; i++) {
      expect([await b.call("ada"), await b.call("bob"), await b.call("eve")]).toEqual([
        "Unauthenticated",
        "Unauthenticated",
        "eve",
      ]);
    }
  });

  test.each<[unknown, RegExp]>([
    [{}, /revoke: expected one of/],
    [{ subject: "" }, /revoke: expected one of/],
    [{ subject: 7 }, /revoke: expected one of/],
    [{ subject: "a", tokenId: "b" }, /revoke: expected one of/],
    [{ subjekt: "a" }, /Did you mean subject/],
    ["ada", /revoke: expected a plain object/],
    [undefined, /revoke: expected a plain object/],
  ])("%j revokes nothing", async (what, message) => {
    const { call, revoke } = start();
    await expect(revoke(what as Revocation)).rejects.toThrow(TypeError);
    await expect(revoke(what as Revocation)).rejects.toThrow(message);
    expect(await call("ada")).toBe("ada");
  });

  test.each(["interval", "ttl", "maxSize", "clockTolerance", "storeTimeout"])("%s must be above 0", (option) => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", undefined]) {
      expect(() => createRevocations({ [option]: value })).toThrow(`revocations.${option}: expected a whole number`);
    }
  });

  test("a store must be one", () => {
    expect(() => createRevocations(JSON.parse('{"store":{}}'))).toThrow("revocations.store: expected a store");
    expect(() => startInstance(JSON.parse('{"authenticate":[],"revocations":{}}'))).toThrow(TypeError);
  });
});

describe("a time of issue that cannot be", () => {
  const startWith = (iat: unknown) => {
    const authenticate = credentials({ verifyCredentials: (subject) => ({ subject, claims: { iat } }) });
    return startInstance({ authenticate });
  };
  test.each<[string, () => unknown]>([
    ["milliseconds", () => Date.now()],
    ["next year", () => seconds() + 31_536_000],
    ["text", () => new Date().toISOString()],
  ])("counts as issued before the subject was revoked: %s", async (_, iat) => {
    const { call, revoke } = startWith(iat());
    expect(await call("ada")).toBe("ada");
    await revoke({ subject: "ada" });
    expect([await call("ada"), await call("eve")]).toEqual(["Unauthenticated", "eve"]);
  });
  test("is not one that is a little ahead", async () => {
    await withMovedClock(async () => {
      const { call, revoke } = startWith(seconds() + 30);
      await revoke({ subject: "ada" });
      await vi.advanceTimersByTimeAsync(27_000);
      expect(await passUntil(call("ada"))).toBe("ada");
    });
  });
});
