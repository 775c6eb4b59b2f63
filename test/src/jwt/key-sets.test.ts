import { createJwtAuthInterceptor, type RemoteKeySetOptions } from "@connectum/auth";
import { createTestJwt, startTestKeySet, TEST_JWT_SECRET, type TestKeySet } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Outcome, ok, refused, tryIt as startCall, unavailable } from "../support/call.js";
import { passUntil } from "../support/moved-clock.js";

const as = (token: string) => ({ authorization: `Bearer ${token}` });
let keySet: TestKeySet;
// The clocks stand still but for what a call waits for: nothing depends on how fast the machine is.
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  keySet = await startTestKeySet("ES256");
});
afterEach(async () => {
  vi.useRealTimers();
  await keySet.close();
});

/** Makes a call, and lets time pass until it is answered. */
const tryIt = (...call: Parameters<typeof startCall>): Promise<Outcome> => passUntil(startCall(...call));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** Calls until a call is answered well. */
async function recover(...call: Parameters<typeof startCall>): Promise<void> {
  while ((await tryIt(...call)).code !== "ok") await pass(20);
}

const byKeySet = (jwks: RemoteKeySetOptions = {}) =>
  createJwtAuthInterceptor({ jwksUri: keySet.jwksUri, audience: "lab", jwks, cache: false });
const signed = (sub = "ada") => keySet.sign({ sub, aud: "lab" });

describe("outages", () => {
  test.each([500, 404, "reset", "garbage", "hang"] as const)(
    "%s: unavailable while no key set was ever there",
    async (how) => {
      keySet.fail(how);
      const interceptor = byKeySet({ timeout: 2_000, cooldown: 50 });
      expect(await tryIt(interceptor, as(await signed()))).toEqual(unavailable);
      keySet.fail(undefined);
      await recover(interceptor, as(await signed()));
    },
  );

  test.each([500, "reset", "garbage", "hang"] as const)(
    "%s: known keys go on, unknown ones are unavailable, and it recovers",
    async (how) => {
      const interceptor = byKeySet({ timeout: 2_000, cooldown: 50, maxAge: 10_000 });
      const known = await signed();
      expect(await tryIt(interceptor, as(known))).toEqual(ok());
      keySet.fail(how);
      await pass(15_000);
      expect(await tryIt(interceptor, as(known))).toEqual(ok());
      await keySet.rotate({ keep: true });
      const unknown = await signed("bob");
      expect(await tryIt(interceptor, as(unknown))).toEqual(unavailable);
      keySet.fail(undefined);
      await recover(interceptor, as(unknown));
    },
  );

  test("what is certainly wrong is refused during an outage as well", async () => {
    const interceptor = byKeySet({ cooldown: 50 });
    expect(await tryIt(interceptor, as(await signed()))).toEqual(ok());
    keySet.fail(500);
    const expired = await keySet.sign({ sub: "ada", aud: "lab" }, { expiresIn: -1 });
    expect(await tryIt(interceptor, as(expired))).toMatchObject(refused());
  });

  test("a key set that is too old is not used any more", async () => {
    const interceptor = byKeySet({ cooldown: 10, maxAge: 10_000, maxStale: 10_000 });
    const known = await signed();
    expect(await tryIt(interceptor, as(known))).toEqual(ok());
    keySet.fail(500);
    await pass(30_000);
    expect(await tryIt(interceptor, as(known))).toEqual(unavailable);
  });

  test("a failing endpoint is not asked once per call", async () => {
    keySet.fail(500);
    const interceptor = byKeySet({ cooldown: 10_000 });
    for (let i = 0; i < 50; i++) expect(await tryIt(interceptor, as(await signed()))).toEqual(unavailable);
    expect(keySet.requests).toBe(1);
  });
});

describe("rotation", () => {
  test("a token by a key that has just been rotated in waits for the key set and is accepted", async () => {
    const interceptor = byKeySet({ cooldown: 300 });
    expect(await tryIt(interceptor, as(await signed()))).toEqual(ok());
    await keySet.rotate({ keep: true });
    // Within the cool-down of the fetch before.
    expect(await tryIt(interceptor, as(await signed("bob")))).toEqual(ok("bob"));
    expect(keySet.requests).toBe(2);
  });

  test("no valid call is refused while keys rotate under load", async () => {
    vi.useRealTimers();
    const interceptor = byKeySet({ cooldown: 50 });
    const outcomes = new Set<string>();
    const rotations = (async () => {
      for (let i = 0; i < 5; i++) {
        await keySet.rotate({ keep: true });
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    })();
    let over = false;
    void rotations.then(() => {
      over = true;
    });
    const caller = async () => {
      while (!over) outcomes.add((await startCall(interceptor, as(await signed()))).code);
    };
    await Promise.all([rotations, ...Array.from({ length: 10 }, caller)]);
    expect([...outcomes]).toEqual(["ok"]);
  });

  test("made-up keys cost one request per cool-down, however many there are", async () => {
    // The clock of the key set stands still until it is told to go on.
    vi.useFakeTimers({ toFake: ["performance"] });
    const interceptor = byKeySet({ cooldown: 50 });
    expect(await startCall(interceptor, as(await signed()))).toEqual(ok());
    const madeUp = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        keySet.sign({ sub: "eve", aud: "lab" }, { header: { alg: "ES256", kid: `made-up-${i}` } }),
      ),
    );
    for (let round = 1; round <= 3; round++) {
      vi.advanceTimersByTime(1);
      let over = 0;
      const flood = madeUp.map(async (token) => {
        const outcome = await startCall(interceptor, as(token));
        over++;
        return outcome;
      });
      // Whoever is known is not held up by them.
      expect(await startCall(interceptor, as(await signed()))).toEqual(ok());
      expect(over).toBe(0);
      expect(keySet.requests).toBe(round);
      vi.advanceTimersByTime(49);
      for (const outcome of await Promise.all(flood)) expect(outcome).toMatchObject(refused());
      expect(keySet.requests).toBe(round + 1);
    }
  });

  test("100 first calls share one request", async () => {
    const interceptor = byKeySet();
    const token = await signed();
    const got = await passUntil(Promise.all(Array.from({ length: 100 }, () => startCall(interceptor, as(token)))));
    expect(new Set(got.map(({ code }) => code))).toEqual(new Set(["ok"]));
    expect(keySet.requests).toBe(1);
  });

  test("it is fetched again in the background, before it must be", async () => {
    const interceptor = byKeySet({ maxAge: 400, cooldown: 10 });
    await tryIt(interceptor, as(await signed()));
    await pass(250);
    expect(await tryIt(interceptor, as(await signed()))).toEqual(ok());
    while (keySet.requests < 2) await pass(1);
  });
});

describe("several issuers", () => {
  const urls = { a: "https://a.example.com", b: "https://b.example.com" };
  let other: TestKeySet;
  beforeEach(async () => {
    other = await startTestKeySet("ES256");
  });
  afterEach(() => other.close());
  const both = () =>
    createJwtAuthInterceptor({
      issuers: [
        { issuer: urls.a, jwksUri: keySet.jwksUri, audience: "lab" },
        { issuer: urls.b, jwksUri: other.jwksUri, audience: "lab" },
      ],
      cache: {},
    });

  test.each([
    { name: "a by its own keys", by: "a", iss: urls.a, want: ok() },
    { name: "b by its own keys", by: "b", iss: urls.b, want: ok() },
    { name: "a by the keys of b", by: "b", iss: urls.a, want: refused() },
    { name: "b by the keys of a", by: "a", iss: urls.b, want: refused() },
    { name: "an issuer that is not known", by: "a", iss: "https://c.example.com", want: refused() },
    { name: "no issuer", by: "a", iss: undefined, want: refused() },
    { name: "both at once", by: "a", iss: [urls.a, urls.b] as never, want: refused() },
    { name: "a name of Object.prototype", by: "a", iss: "__proto__", want: refused() },
  ])("$name", async ({ by, iss, want }) => {
    const issuer = by === "a" ? keySet : other;
    // Both sets call their key key-1: its name alone must not find it.
    const token = await issuer.sign({ sub: "ada", aud: "lab", ...(iss !== undefined && { iss }) });
    const interceptor = both();
    for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, as(token))).toMatchObject(want);
  });

  test("the outage of one is not the outage of the other", async () => {
    other.fail(500);
    const interceptor = both();
    expect(await tryIt(interceptor, as(await keySet.sign({ sub: "ada", aud: "lab", iss: urls.a })))).toEqual(ok());
    expect(await tryIt(interceptor, as(await other.sign({ sub: "ada", aud: "lab", iss: urls.b })))).toEqual(
      unavailable,
    );
  });

  test("an HMAC token by the text of a public key is not taken for the issuer's", async () => {
    const token = await createTestJwt({ iss: urls.a, aud: "lab" });
    expect(await tryIt(both(), as(token))).toMatchObject(refused());
    expect(await tryIt(createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab" }), as(token))).toEqual(
      ok("test-user"),
    );
  });
});
