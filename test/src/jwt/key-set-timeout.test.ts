import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import type { Interceptor } from "@connectrpc/connect";
import { createJwtAuthInterceptor, type RemoteKeySetOptions } from "@connectum/auth";
import { startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Outcome, ok, tryIt, unavailable } from "../support/call.js";
import { bearer } from "../support/verification.js";

let keySet: TestKeySet;
beforeEach(async () => {
  keySet = await startTestKeySet("ES256");
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await keySet.close();
});
const byKeySet = (jwks: RemoteKeySetOptions, jwksUri = keySet.jwksUri) =>
  createJwtAuthInterceptor({ jwksUri, audience: "lab", jwks, cache: false });
const signed = async () => bearer(await keySet.sign({ sub: "ada", aud: "lab" }));

/** A process that collects garbage all the time while its key set's endpoint does not finish. */
const collecting = `
  import { createAuth, jwt } from "@connectum/auth";
  import { startTestKeySet } from "@connectum/auth/testing";
  setInterval(gc, 10);
  const keySet = await startTestKeySet("ES256");
  keySet.fail(process.argv[1]);
  const authenticate = jwt({ jwksUri: keySet.jwksUri, audience: "lab", jwks: { timeout: 100, cooldown: 20 } });
  const { warmUp } = createAuth({ policies: [], authenticate });
  console.log(await warmUp().then(() => "warm", ({ code }) => code));
  keySet.fail(undefined);
  for (;;) {
    if (await warmUp().then(() => true, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  console.log("recovered");
  process.exit();
`;

describe("a fetch ends when its time is over", () => {
  test.each(["stall", "drip", "hang"])("%s: under garbage collection, and the next one works", async (how) => {
    const args = ["--expose-gc", "--input-type=module", "--eval", collecting, how];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000, cwd: import.meta.dirname });
    expect(stdout.split("\n")).toEqual(["14", "recovered", ""]);
  });

  test.each(["stall", "drip", "hang"] as const)("%s: unavailable, once for all who wait", async (how) => {
    keySet.fail(how);
    const interceptor = byKeySet({ timeout: 150, cooldown: 10 });
    const token = await signed();
    // The request is on its way before its time is over, however busy the machine is.
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    const calls = Promise.all(Array.from({ length: 10 }, () => tryIt(interceptor, token)));
    while (keySet.requests === 0) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(150);
    const outcomes = await calls;
    vi.useRealTimers();
    expect(outcomes).toEqual(outcomes.map(() => unavailable));
    expect(keySet.requests).toBe(1);
    keySet.fail(undefined);
    await vi.waitFor(async () => expect(await tryIt(interceptor, token)).toEqual(ok()), 20_000);
  });

  /** A call while time is ours: the handler waits a little. */
  const served = async (interceptor: Interceptor, headers: HeadersInit) => {
    let outcome: Outcome | undefined;
    void tryIt(interceptor, headers).then((got) => {
      outcome = got;
    });
    while (outcome === undefined) await vi.advanceTimersByTimeAsync(1);
    return outcome;
  };
  test("whatever fetch does: it ignores its signal, answers late, and never reads", async () => {
    const published = await (await fetch(keySet.jwksUri)).text();
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    const [interceptor, token] = [byKeySet({ timeout: 5_000 }), await signed()];
    const cancelled = vi.fn();
    let answerLate: (response: Response) => void = () => {};
    const late = new Promise<Response>((resolve) => {
      answerLate = resolve;
    });
    const endless = new Response(new ReadableStream({ pull: () => new Promise(() => {}), cancel: cancelled }));
    for (const answer of [() => new Promise<never>(() => {}), () => late, async () => endless]) {
      const fetched = vi.fn(answer);
      vi.stubGlobal("fetch", fetched);
      const call = tryIt(interceptor, token);
      while (fetched.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await call).toEqual(unavailable);
      await vi.advanceTimersByTimeAsync(8_000);
    }
    expect(cancelled).toHaveBeenCalledOnce();
    vi.stubGlobal("fetch", async () => new Response(published));
    expect(await served(interceptor, token)).toEqual(ok());
    // The answer that comes after its time changes nothing, and is not read.
    const body = new ReadableStream({ pull: () => new Promise(() => {}), cancel: cancelled });
    answerLate(new Response(body));
    await new Promise((resolve) => setImmediate(resolve));
    expect(cancelled).toHaveBeenCalledTimes(2);
    expect(await served(interceptor, token)).toEqual(ok());
  });
});

describe("a connection is given back", () => {
  const serve = async (answer: (response: ServerResponse) => void) => {
    const server = createServer((_, response) => answer(response));
    const closed = new Promise<void>((resolve) => {
      server.on("connection", (socket) => socket.once("close", () => resolve()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { server, closed, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const endless = (response: ServerResponse): void => {
    while (response.write(Buffer.alloc(16_384, " "))) {}
    response.once("drain", () => endless(response));
  };
  test.each([
    ["a refusal whose body does not end", 503],
    ["a redirect whose body does not end", 302],
    ["a key set that does not end", 200],
  ])("%s", async (_, status) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { server, closed, url } = await serve((response) => endless(response.writeHead(status, { location: "/" })));
    expect(await tryIt(byKeySet({}, url), await signed())).toEqual(unavailable);
    // Without a limit of time: the server sees that the rest is not wanted.
    await closed;
    server.close();
  });

  test("a body that stalls, when its time is over", async () => {
    const { server, closed, url } = await serve((response) => response.writeHead(200).flushHeaders());
    expect(await tryIt(byKeySet({ timeout: 50 }, url), await signed())).toEqual(unavailable);
    await closed;
    server.close();
  });
});

describe("times that are longer than a timer can hold", () => {
  const longest = 2 ** 31 - 1;
  test.each([2 ** 32, 2 ** 33, 1e300])("%d: a fetch may take as long", async (timeout) => {
    expect(await tryIt(byKeySet({ timeout }), await signed())).toEqual(ok());
  });

  test.each([2 ** 31, 2 ** 32, 1e300])("%d: a cool-down neither spins nor waits", async (cooldown) => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const interceptor = byKeySet({ cooldown });
    expect(await tryIt(interceptor, await signed())).toEqual(ok());
    await keySet.rotate();
    // It could be had in weeks only: that is said at once.
    expect(await tryIt(interceptor, await signed())).toEqual(unavailable);
    expect(keySet.requests).toBe(1);
    for (const [, delay = 0] of set.mock.calls) expect(delay).toBeLessThanOrEqual(longest);
  });

  test.each(["maxAge", "maxStale"])("%s: a key set may be as old", async (name) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const interceptor = byKeySet({ [name]: 2 ** 40 });
    const token = await signed();
    expect(await tryIt(interceptor, token)).toEqual(ok());
    keySet.fail(500);
    vi.advanceTimersByTime(2 ** 40 - 1);
    expect(await tryIt(interceptor, token)).toEqual(ok());
  });
});
