import { createJwtAuthInterceptor, type RemoteKeySetOptions } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt, unavailable } from "../support/call.js";
import { refusalOf } from "../support/verification.js";
import { spyOnVerifications } from "../support/verifications.js";
import { createSigner, type Endpoint, startEndpoint } from "./published-keys.js";

// Times are exact: the clock of the key set stands still until it is told to go on.

let endpoint: Endpoint;
const pass = (ms: number) => vi.advanceTimersByTime(ms);
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  endpoint = await startEndpoint();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await endpoint.close();
});
const byKeySet = (jwks: RemoteKeySetOptions = {}, cache: false | object = {}) =>
  createJwtAuthInterceptor({ jwksUri: endpoint.url, audience: "lab", jwks, cache });
const publish = (...signers: { readonly jwk: object }[]) => {
  endpoint.answer = { keys: signers.map(({ jwk }) => jwk) };
};
const cases = [
  { name: "under its old name", kid: "a" },
  { name: "without a name", kid: undefined },
];

describe.each(cases)("a key that is rotated $name", ({ kid }) => {
  const [before, after, stranger] = [createSigner(kid), createSigner(kid), createSigner(kid)];

  test("is found by one more request, and verifies", async () => {
    publish(before);
    const interceptor = byKeySet();
    expect(await tryIt(interceptor, await before.sign())).toEqual(ok());
    publish(after);
    pass(1_000);
    expect(await tryIt(interceptor, await after.sign("bob"))).toEqual(ok("bob"));
    expect(endpoint.requests).toBe(2);
    // The old key has lost its say, for remembered tokens as well.
    expect(await tryIt(interceptor, await before.sign())).toMatchObject(refused());
  });

  test("within the cool-down: refused then, accepted after it, whatever was remembered", async () => {
    publish(before);
    const interceptor = byKeySet();
    expect(await tryIt(interceptor, await before.sign())).toEqual(ok());
    publish(after);
    const token = await after.sign("bob");
    pass(999);
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, token)).toMatchObject(refused());
    expect(endpoint.requests).toBe(1);
    pass(1);
    expect(await tryIt(interceptor, token)).toEqual(ok("bob"));
    expect(endpoint.requests).toBe(2);
  });

  test("a set that was fetched for another token clears the memory of what the old one refused", async () => {
    publish(before);
    const interceptor = byKeySet({ cooldown: 1_000_000, maxAge: 100_000 });
    expect(await tryIt(interceptor, await before.sign())).toEqual(ok());
    publish(after);
    const token = await after.sign("bob");
    for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, token)).toMatchObject(refused());
    // Half of the maximum age, but for the cool-down: nothing is fetched.
    pass(100_000);
    expect(await tryIt(interceptor, token)).toMatchObject(refused());
    pass(900_000);
    expect(await tryIt(interceptor, token)).toEqual(ok("bob"));
  });

  test("many at once share one request", async () => {
    publish(before);
    const interceptor = byKeySet();
    expect(await tryIt(interceptor, await before.sign())).toEqual(ok());
    publish(after);
    pass(1_000);
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => after.sign(`bob-${i}`)));
    const outcomes = await Promise.all(tokens.map((token) => tryIt(interceptor, token)));
    expect(outcomes).toEqual(tokens.map((_, i) => ok(`bob-${i}`)));
    expect(endpoint.requests).toBe(2);
  });

  test("forged tokens cost one request per cool-down, however many there are, and are refused", async () => {
    publish(before);
    const interceptor = byKeySet({ cooldown: 1_000 });
    expect(await tryIt(interceptor, await before.sign())).toEqual(ok());
    for (let second = 1; second <= 3; second++) {
      pass(1_000);
      const forged = await Promise.all(Array.from({ length: 20 }, (_, i) => stranger.sign("eve", { i, second })));
      for (let round = 0; round < 2; round++) {
        const outcomes = await Promise.all(forged.map((token) => tryIt(interceptor, token)));
        for (const outcome of outcomes) expect(outcome).toMatchObject(refused());
      }
      for (const token of forged) expect(await tryIt(interceptor, token)).toMatchObject(refused());
      expect(endpoint.requests).toBe(1 + second);
      expect(await tryIt(interceptor, await before.sign(`ada-${second}`))).toEqual(ok(`ada-${second}`));
    }
  });

  test("one forged token, again and again, is verified at most twice per cool-down", async () => {
    publish(before);
    const interceptor = byKeySet({ cooldown: 1_000 });
    expect(await tryIt(interceptor, await before.sign())).toEqual(ok());
    const forged = await stranger.sign("eve");
    const verify = spyOnVerifications();
    for (let second = 1; second <= 3; second++) {
      pass(1_000);
      verify.mockClear();
      for (let i = 0; i < 20; i++) expect(await tryIt(interceptor, forged)).toMatchObject(refused());
      expect(verify.mock.calls.length).toBeLessThanOrEqual(2);
      expect(endpoint.requests).toBe(1 + second);
    }
  });

  test("while the endpoint fails, nothing is known of a new key: unavailable, and accepted afterwards", async () => {
    publish(before);
    const interceptor = byKeySet({ cooldown: 1_000 });
    const known = await before.sign();
    expect(await tryIt(interceptor, known)).toEqual(ok());
    endpoint.answer = "<html>";
    vi.spyOn(console, "warn").mockImplementation(() => {});
    pass(1_000);
    const token = await after.sign("bob");
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, token)).toEqual(unavailable);
    expect(endpoint.requests).toBe(2);
    expect(await tryIt(interceptor, known)).toEqual(ok());
    expect(await tryIt(interceptor, await before.sign("new"))).toEqual(ok("new"));
    publish(after);
    pass(2_000);
    expect(await tryIt(interceptor, token)).toEqual(ok("bob"));
    expect(endpoint.requests).toBe(3);
  });

  test("a refusal for another reason is remembered as before", async () => {
    publish(before);
    const interceptor = byKeySet();
    const expired = await before.sign("ada", { nbf: 0, aud: "another" });
    expect(await tryIt(interceptor, expired)).toMatchObject(refused());
    pass(5_000);
    const verify = spyOnVerifications();
    expect(await refusalOf(interceptor, expired)).toMatchObject({ final: true });
    expect(verify).not.toHaveBeenCalled();
    expect(endpoint.requests).toBe(1);
  });
});

describe("several keys without kid", () => {
  const signers = Array.from({ length: 3 }, () => createSigner());
  test.each([0, 1, 2])("a token by number %d of them", async (i) => {
    publish(...signers);
    const interceptor = byKeySet();
    const token = (await signers[i]?.sign()) as HeadersInit;
    for (let n = 0; n < 2; n++) expect(await tryIt(interceptor, token)).toEqual(ok());
    expect(endpoint.requests).toBe(1);
    // It is remembered by the key that verified it.
    publish(...signers.filter((_, j) => j !== i));
    pass(600_000);
    expect(await tryIt(interceptor, token)).toMatchObject(refused());
    expect(await tryIt(interceptor, (await signers[(i + 1) % 3]?.sign("bob")) as HeadersInit)).toEqual(ok("bob"));
  });

  test("keys with names, and a token without", async () => {
    const [a, b] = [createSigner("a"), createSigner("b")];
    publish(a, b);
    const token = await createSigner(undefined, b).sign();
    expect(await tryIt(byKeySet(), token)).toEqual(ok());
    expect(await tryIt(byKeySet(), await createSigner().sign())).toMatchObject(refused());
  });

  test("what else is wrong with a token is looked at all the same", async () => {
    publish(...signers);
    const interceptor = byKeySet({ cooldown: 1 });
    const token = (await signers[1]?.sign("ada", { aud: "another" })) as HeadersInit;
    expect(await refusalOf(interceptor, token)).toMatchObject({ message: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
  });

  test("a forged token costs a bounded number of verifications", async () => {
    publish(...Array.from({ length: 100 }, () => createSigner()));
    const interceptor = byKeySet();
    const verify = spyOnVerifications();
    expect(await tryIt(interceptor, await createSigner().sign("eve"))).toMatchObject(refused());
    expect(verify).toHaveBeenCalledTimes(16);
    expect(endpoint.requests).toBe(1);
  });
});

test("a name of several keys is ambiguous", async () => {
  const [one, other] = [createSigner("a"), createSigner("a")];
  publish(one, other);
  expect(await refusalOf(byKeySet(), await one.sign())).toMatchObject({ message: "ERR_JWKS_MULTIPLE_MATCHING_KEYS" });
});
