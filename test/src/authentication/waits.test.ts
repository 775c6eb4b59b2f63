import { createRevocations, credentials, session } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startInstance, TestStore } from "../store/instance.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The result of a promise that needs this much time, in milliseconds, and no more. */
async function after<T>(time: number, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  if (time > 0) {
    await vi.advanceTimersByTimeAsync(time - 1);
    expect(isSettled).toBe(false);
  }
  // Handlers of the lab take a millisecond.
  await vi.advanceTimersByTimeAsync(2);
  return promise;
}

const never = () => new Promise<never>(() => {});

describe("a verifier that never answers", () => {
  let hangs = true;
  const verify = (subject = "") => (hangs ? never() : { subject });
  beforeEach(() => {
    hangs = true;
  });

  test.each([
    ["credentials", credentials({ verifyCredentials: verify })],
    ["credentials with a cache", credentials({ verifyCredentials: verify, cache: {} })],
    ["a session", session({ bearer: true, verifySession: verify, mapSession: (found) => found })],
    [
      "a session with a cache",
      session({ bearer: true, verifySession: verify, mapSession: (found) => found, cache: {} }),
    ],
  ])("is given up after its time, and asked again by the next call: %s", async (_, authenticate) => {
    const { call } = startInstance({ authenticate, limits: { verificationTime: 5_000, verifications: 2 } });
    expect(await after(5_000, Promise.all([call("ada"), call("ada")]))).toEqual(["Unavailable", "Unavailable"]);
    expect(await after(5_000, call("ada"))).toBe("Unavailable");
    hangs = false;
    expect(await after(0, call("ada"))).toBe("ada");
  });
});

describe("a store that never answers", () => {
  test("is given up after its time, and left alone for a second", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const store = new TestStore();
    store.behaviour = "hanging";
    const { call } = startInstance({
      authenticate: credentials({
        verifyCredentials: (subject) => ({ subject }),
        cache: { store, namespace: "n", storeTimeout: 300 },
      }),
    });
    expect(await after(300, call("ada"))).toBe("ada");
    expect(await after(0, call("bob"))).toBe("bob");
    store.behaviour = "well";
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await after(0, call("eve"))).toBe("eve");
    expect(store.entries.size).toBe(1);
  });

  test("fails a revocation after its time, which counts here from the beginning", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const store = new TestStore();
    store.behaviour = "hanging";
    const { call, revoke } = startInstance({
      authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
      revocations: createRevocations({ store, storeTimeout: 300 }),
    });
    const revoked = revoke({ subject: "ada" });
    revoked.catch(() => {});
    expect(await after(0, call("ada"))).toBe("Unauthenticated");
    await expect(
      after(
        0,
        vi.advanceTimersByTimeAsync(300).then(() => revoked),
      ),
    ).rejects.toThrow("only this instance refuses");
  });
});

describe("times above what a timer can wait", () => {
  test.each([2 ** 31, 2 ** 32, 2 ** 33, Number.MAX_SAFE_INTEGER])("%s milliseconds", async (time) => {
    const store = new TestStore();
    const slowly = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), 1_000));
    const get = store.get.bind(store);
    vi.spyOn(store, "get").mockImplementation((key) => slowly(get(key)));
    const start = () =>
      startInstance({
        authenticate: credentials({
          verifyCredentials: (subject) => slowly({ subject }),
          cache: { store, namespace: "n", storeTimeout: time, ttl: time },
        }),
        limits: { verificationTime: time },
        revocations: createRevocations({ store, storeTimeout: time, interval: time, ttl: time, clockTolerance: time }),
      });
    const [here, there] = [start(), start()];
    // The cache's store, the verifier, and the store of revocations.
    expect(await after(3_000, here.call("ada"))).toBe("ada");
    expect(await after(0, here.call("ada"))).toBe("ada");
    await after(1_000, here.revoke({ subject: "ada" }));
    expect(await after(0, here.call("ada"))).toBe("Unauthenticated");
    expect(await after(2_000, there.call("ada"))).toBe("Unauthenticated");
  });
});
