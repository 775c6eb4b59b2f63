import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAuth, createJwtAuthInterceptor, jwt, type RemoteKeySetOptions } from "@connectum/auth";
import { startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt, unavailable } from "../support/call.js";
import { bearer } from "../support/verification.js";
import { spyOnVerifications } from "../support/verifications.js";

// Times are exact here: the clock that a key set goes by stands still until it is told to go on.

let keySet: TestKeySet;
const pass = (ms: number) => vi.advanceTimersByTime(ms);
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.spyOn(globalThis, "fetch");
  keySet = await startTestKeySet("ES256");
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await keySet.close();
});

const byKeySet = (jwks?: RemoteKeySetOptions, cache: false | object = false) =>
  createJwtAuthInterceptor({ jwksUri: keySet.jwksUri, audience: "lab", ...(jwks && { jwks }), cache });
const signed = async (sub = "ada") => bearer(await keySet.sign({ sub, aud: "lab" }));
/** Resolves when every request has been answered. One in the background begins with the call that causes it, or never. */
async function settled(): Promise<void> {
  await Promise.allSettled(vi.mocked(fetch).mock.results.map(({ value }) => value));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("how old a key set gets", () => {
  test.each([
    { name: "by default", options: undefined, half: 300_000 },
    { name: "as configured", options: { maxAge: 5_000 }, half: 2_500 },
  ])("$name it is fetched anew in the background from half of its age on", async ({ options, half }) => {
    const interceptor = byKeySet(options);
    const token = await signed();
    expect(await tryIt(interceptor, token)).toEqual(ok());
    pass(half - 1);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(1);
    pass(1);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(2);
    // It is young again.
    pass(half - 1);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(2);
  });

  test("a remembered token has it fetched in the background as well", async () => {
    const interceptor = byKeySet({ maxAge: 5_000 }, {});
    const token = await signed();
    for (const [ms, count] of [
      [0, 1],
      [2_499, 1],
      [1, 2],
    ] as const) {
      pass(ms);
      expect(await tryIt(interceptor, token)).toEqual(ok());
      await settled();
      expect(keySet.requests).toBe(count);
    }
  });

  test("below its age a call does not wait for it, at its age it does", async () => {
    const [young, old] = [byKeySet({ maxAge: 5_000 }), byKeySet({ maxAge: 5_000 })];
    const token = await signed();
    expect([await tryIt(young, token), await tryIt(old, token)]).toEqual([ok(), ok()]);
    await keySet.rotate();
    pass(4_999);
    expect(await tryIt(young, token)).toEqual(ok());
    pass(1);
    expect(await tryIt(old, token)).toMatchObject(refused());
    expect(await tryIt(old, await signed())).toEqual(ok());
  });

  test.each([
    { name: "by default", options: undefined, end: 600_000 + 86_400_000 },
    { name: "as configured", options: { maxAge: 5_000, maxStale: 7_000 }, end: 12_000 },
  ])("$name it is used while its endpoint fails, up to maxStale", async ({ options, end }) => {
    const [remembering, interceptor] = [byKeySet(options, { ttl: 2 * end }), byKeySet(options)];
    const token = await signed();
    expect([await tryIt(remembering, token), await tryIt(interceptor, token)]).toEqual([ok(), ok()]);
    keySet.fail(500);
    pass(end - 1);
    expect([await tryIt(remembering, token), await tryIt(interceptor, token)]).toEqual([ok(), ok()]);
    pass(1);
    expect([await tryIt(remembering, token), await tryIt(interceptor, token)]).toEqual([unavailable, unavailable]);
    keySet.fail(undefined);
    pass(100_000);
    expect([await tryIt(remembering, token), await tryIt(interceptor, token)]).toEqual([ok(), ok()]);
  });

  describe("a remembered token counts while its key set is fresh", () => {
    const day = { ttl: 86_400_000 };
    test("a key that was removed while the server was idle has lost its say", async () => {
      const interceptor = byKeySet({ maxAge: 5_000 }, day);
      const token = await signed();
      expect(await tryIt(interceptor, token)).toEqual(ok());
      await keySet.rotate();
      pass(5_000);
      expect(await tryIt(interceptor, token)).toMatchObject(refused());
      const fresh = await signed("carol");
      expect(await tryIt(interceptor, fresh)).toEqual(ok("carol"));
      await keySet.rotate();
      pass(3_600_000);
      expect(await tryIt(interceptor, fresh)).toMatchObject(refused());
    });

    test("a key that is still there goes on", async () => {
      const interceptor = byKeySet({ maxAge: 5_000 }, day);
      const token = await signed();
      for (let i = 1; i <= 3; i++) {
        expect(await tryIt(interceptor, token)).toEqual(ok());
        expect(keySet.requests).toBe(i);
        pass(3_600_000);
      }
    });

    test("while the endpoint is known to fail, it is neither verified nor held up at every call", async () => {
      const fetches = vi.spyOn(globalThis, "fetch");
      const answered = async () => {
        await Promise.allSettled(fetches.mock.results.map(({ value }) => value));
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      };
      const interceptor = byKeySet({ maxAge: 5_000, timeout: 5_000 }, day);
      const token = await signed();
      expect(await tryIt(interceptor, token)).toEqual(ok());
      keySet.fail(500);
      pass(5_000);
      const verify = spyOnVerifications();
      expect(await tryIt(interceptor, token)).toEqual(ok());
      expect(verify).toHaveBeenCalledTimes(1);
      for (let i = 0; i < 60; i++) {
        pass(1_000);
        expect(await tryIt(interceptor, token)).toEqual(ok());
        await answered();
      }
      expect(verify).toHaveBeenCalledTimes(1);
      // The endpoint was asked in the background meanwhile: after 2, 4 and then every 8 seconds.
      expect(keySet.requests).toBe(10);
      vi.restoreAllMocks();
    });

    test("a failure that was long ago says nothing about now", async () => {
      const interceptor = byKeySet({ maxAge: 5_000 }, day);
      const token = await signed();
      expect(await tryIt(interceptor, token)).toEqual(ok());
      keySet.fail(500);
      pass(5_000);
      expect(await tryIt(interceptor, token)).toEqual(ok());
      keySet.fail(undefined);
      await keySet.rotate();
      pass(60_000);
      expect(await tryIt(interceptor, token)).toMatchObject(refused());
    });

    test("an endpoint that hangs holds nobody up, once it is known to fail", async () => {
      const interceptor = byKeySet({ maxAge: 5_000, timeout: 2 ** 30 }, day);
      const token = await signed();
      expect(await tryIt(interceptor, token)).toEqual(ok());
      keySet.fail(500);
      pass(5_000);
      expect(await tryIt(interceptor, token)).toEqual(ok());
      keySet.fail("hang");
      pass(2_000);
      // A request hangs in the background. Neither remembered callers nor new ones wait for it.
      for (const headers of [token, await signed()]) expect(await tryIt(interceptor, headers)).toEqual(ok());
      await vi.waitFor(() => expect(keySet.requests).toBe(3), 20_000);
    });
  });

  test("what warms up fetches what is too old, and nothing else", async () => {
    const authenticate = jwt({ jwksUri: keySet.jwksUri, audience: "lab", jwks: { maxAge: 5_000 } });
    const { warmUp } = createAuth({ policies: [], authenticate });
    await warmUp();
    pass(4_999);
    await warmUp();
    await settled();
    expect(keySet.requests).toBe(1);
    pass(1);
    await warmUp();
    expect(keySet.requests).toBe(2);
    keySet.fail(500);
    pass(10_000);
    await warmUp();
    expect(keySet.requests).toBe(3);
  });
});

describe("how long an endpoint is left alone", () => {
  test.each([
    { name: "by default", options: undefined, cooldown: 1_000 },
    { name: "as configured", options: { cooldown: 50 }, cooldown: 50 },
  ])("$name: twice as long after each failure, up to eight times", async ({ options, cooldown }) => {
    keySet.fail(500);
    const interceptor = byKeySet(options);
    const token = await signed();
    let count = 0;
    for (const pause of [0, 2, 4, 8, 8, 8]) {
      if (pause > 0) {
        pass(pause * cooldown - 1);
        expect(await tryIt(interceptor, token)).toEqual(unavailable);
        expect(keySet.requests).toBe(count);
        pass(1);
      }
      expect(await tryIt(interceptor, token)).toEqual(unavailable);
      expect(keySet.requests).toBe(++count);
    }
    // One success, and it starts over.
    keySet.fail(undefined);
    pass(8 * cooldown);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(++count);
    keySet.fail(500);
    pass(86_400_000);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(++count);
    pass(2 * cooldown - 1);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(count);
    pass(1);
    expect(await tryIt(interceptor, token)).toEqual(ok());
    await settled();
    expect(keySet.requests).toBe(++count);
  });

  test("a key that is not known has it asked when the cool-down is over, and not while it fails", async () => {
    const interceptor = byKeySet({ cooldown: 100 });
    expect(await tryIt(interceptor, await signed())).toEqual(ok());
    await keySet.rotate({ keep: true });
    const fresh = await signed("bob");
    keySet.fail(500);
    pass(100);
    expect(await tryIt(interceptor, fresh)).toEqual(unavailable);
    expect(keySet.requests).toBe(2);
    keySet.fail(undefined);
    pass(199);
    expect(await tryIt(interceptor, fresh)).toEqual(unavailable);
    expect(keySet.requests).toBe(2);
    pass(1);
    expect(await tryIt(interceptor, fresh)).toEqual(ok("bob"));
    expect(keySet.requests).toBe(3);
    // A key that nobody has is refused by a set that was fetched after it was asked for.
    await keySet.rotate();
    pass(100);
    const unknown = bearer(await keySet.sign({ sub: "eve", aud: "lab" }, { header: { alg: "ES256", kid: "made up" } }));
    expect(await tryIt(interceptor, unknown)).toMatchObject(refused());
    expect(keySet.requests).toBe(4);
  });

  test("many at once share one request, for known keys and for others", async () => {
    const interceptor = byKeySet();
    const token = await signed();
    const calls = (headers: HeadersInit) => Promise.all(Array.from({ length: 10 }, () => tryIt(interceptor, headers)));
    for (const outcome of await calls(token)) expect(outcome).toEqual(ok());
    expect(keySet.requests).toBe(1);
    await keySet.rotate();
    pass(1_000);
    for (const outcome of await calls(await signed("bob"))) expect(outcome).toEqual(ok("bob"));
    expect(keySet.requests).toBe(2);
  });
});

test("a key that is not known waits for the cool-down to be over, once for many", async () => {
  vi.useRealTimers();
  const interceptor = byKeySet({ cooldown: 300 });
  expect(await tryIt(interceptor, await signed())).toEqual(ok());
  await keySet.rotate();
  const fresh = await signed("bob");
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => tryIt(interceptor, fresh)));
  expect(outcomes).toEqual(outcomes.map(() => ok("bob")));
  expect(keySet.requests).toBe(2);
});

describe("what an endpoint may answer", () => {
  const serve = async (
    answer: (url: string) => { status?: number; headers?: Record<string, string>; body?: unknown },
  ) => {
    const seen: { url: string; accept: string | undefined }[] = [];
    const server = createServer(({ url = "", headers: { accept } }, response) => {
      seen.push({ url, accept });
      const { status = 200, headers = {}, body } = answer(url);
      response.writeHead(status, headers).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
    return { seen, close, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const keys = async () => ((await (await fetch(keySet.jwksUri)).json()) as { keys: object[] }).keys;

  test.each<{ name: string; body: (keys: object[]) => unknown; want: object }>([
    { name: "a key set", body: (keys) => ({ keys }), want: ok() },
    { name: "a key of an unknown kind beside", body: (keys) => ({ keys: [{ kty: "new" }, ...keys] }), want: ok() },
    { name: "a malformed key beside", body: (keys) => ({ keys: [{ kty: "EC", crv: "P-256" }, ...keys] }), want: ok() },
    { name: "other members", body: (keys) => ({ keys, next: 1 }), want: ok() },
    { name: "a list of keys", body: (keys) => keys, want: unavailable },
    { name: "no keys", body: () => ({ keys: null }), want: unavailable },
    { name: "null", body: () => null, want: unavailable },
    { name: "keys that are no objects", body: () => ({ keys: ["key"] }), want: unavailable },
  ])("$name", async ({ body, want }) => {
    const published = await keys();
    const { url, seen, close } = await serve(() => ({ body: body(published) }));
    const interceptor = createJwtAuthInterceptor({ jwksUri: url, audience: "lab" });
    expect(await tryIt(interceptor, await signed())).toEqual(want);
    expect(seen).toEqual([{ url: "/", accept: "application/json" }]);
    await close();
  });

  test("a key that says that it may not be exported is a key like others: its tokens are remembered", async () => {
    const published = await keys();
    const { url, close } = await serve(() => ({ body: { keys: published.map((key) => ({ ...key, ext: false })) } }));
    const verify = spyOnVerifications();
    const interceptor = createJwtAuthInterceptor({ jwksUri: url, audience: "lab" });
    const token = await signed();
    for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, token)).toEqual(ok());
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
    await close();
  });

  test("a name that two keys have is refused, and not asked about", async () => {
    const published = await keys();
    const { url, seen, close } = await serve(() => ({ body: { keys: [...published, ...published] } }));
    const interceptor = createJwtAuthInterceptor({ jwksUri: url, audience: "lab", cache: false });
    const token = await signed();
    for (let i = 0; i < 2; i++) {
      expect(await tryIt(interceptor, token)).toMatchObject(refused());
      pass(10_000);
    }
    expect(seen.length).toBe(1);
    await close();
  });

  test.each([301, 302, 307])("%i to somewhere else is not followed", async (status) => {
    const body = { keys: await keys() };
    const { url, seen, close } = await serve((path) =>
      path === "/there" ? { body } : { status, headers: { location: "/there" } },
    );
    const by = (path: string) => createJwtAuthInterceptor({ jwksUri: url + path, audience: "lab" });
    expect(await tryIt(by("/"), await signed())).toEqual(unavailable);
    expect(seen.length).toBe(1);
    expect(await tryIt(by("/there"), await signed())).toEqual(ok());
    await close();
  });
});

test.each(["maxAge", "maxStale", "cooldown", "timeout"])("jwks.%s must be above 0", (name) => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1000", null]) {
    expect(() => byKeySet({ [name]: value })).toThrow(TypeError);
    expect(() => byKeySet({ [name]: value })).toThrow(
      `jwks.${name}: expected milliseconds above 0, got ${typeof value === "string" ? JSON.stringify(value) : value}`,
    );
  }
  expect(() => byKeySet({ [name]: 0.5 })).not.toThrow();
});
