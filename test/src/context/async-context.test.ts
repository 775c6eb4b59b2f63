import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectRouter, createClient, createRouterTransport } from "@connectrpc/connect";
import { createAuthInterceptor, getAuthContext, requireAuthContext } from "@connectum/auth";
import { afterEach, expect, test, vi } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { startLab } from "../support/lab.js";
import { withMovedClock } from "../support/moved-clock.js";

const wiring = (asyncContext: boolean, expiresAt?: Date) => ({
  interceptors: [
    createAuthInterceptor({ asyncContext, verifyCredentials: (subject) => ({ subject, expiresAt }), cache: {} }),
  ],
});
const as = (subject: string) => ({ headers: { authorization: `Bearer ${subject}` } });

function catchError(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    return error;
  }
}

afterEach(() => vi.restoreAllMocks());

// First, since it is about a process in which no interceptor publishes callers.
test("with asyncContext false, the handler's context says who is calling, and getAuthContext() alone says what is wrong", async () => {
  let complaint: unknown;
  const routes = (router: ConnectRouter) =>
    router.service(EchoService, {
      unary: (_, context) => ({ subject: requireAuthContext(context).subject }),
      async *serverStream(_, context) {
        yield { subject: getAuthContext(context)?.subject ?? "" };
      },
      async clientStream() {
        complaint = catchError(() => getAuthContext());
        return {};
      },
    });
  const client = createClient(EchoService, createRouterTransport(routes, { router: wiring(false) }));
  expect(await client.unary({}, as("ada"))).toMatchObject({ subject: "ada" });
  for await (const answer of client.serverStream({}, as("bob"))) expect(answer.subject).toBe("bob");
  await client.clientStream((async function* () {})(), as("ada"));
  expect(String(complaint)).toMatch(/needs the handler's context as its argument/);
});

test("an inner call without async context does not see the caller of the outer one", async () => {
  const inner = (router: ConnectRouter) =>
    router.service(EchoService, {
      unary: () => ({ subject: getAuthContext()?.subject ?? "nobody" }),
      async *serverStream() {
        yield { subject: getAuthContext()?.subject ?? "nobody" };
      },
    });
  const innerClient = createClient(EchoService, createRouterTransport(inner, { router: wiring(false) }));
  const outer = (router: ConnectRouter) =>
    router.service(EchoService, {
      async unary() {
        const { subject } = await innerClient.unary({}, as("inner"));
        const streamed: string[] = [];
        for await (const answer of innerClient.serverStream({}, as("inner"))) streamed.push(answer.subject);
        return { subject: `${getAuthContext()?.subject} ${subject} ${streamed}` };
      },
    });
  const client = createClient(EchoService, createRouterTransport(outer, { router: wiring(true) }));
  expect(await client.unary({}, as("ada"))).toMatchObject({ subject: "ada nobody nobody" });
});

test("the timer of a stream's deadline ends with the stream, also when the client goes away", async () => {
  // The clock stands still, so that no credential expires on a busy machine. A timer starts within two seconds of the expiry.
  vi.useFakeTimers({ toFake: ["Date"] });
  const soon = 1_990;
  const deadlines: NodeJS.Timeout[] = [];
  const ended = new Set<unknown>();
  const { setTimeout: start, clearTimeout: clear } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, delay?: number) => {
    const timer = start(() => {
      ended.add(timer);
      callback();
    }, delay);
    if (delay === soon) deadlines.push(timer);
    return timer;
  }) as typeof setTimeout);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    ended.add(timer);
    clear(timer);
  });
  const lab = await startLab(wiring(true, new Date(Date.now() + soon)));
  for (const transport of [
    lab.transports.connect,
    lab.transports.grpc,
    lab.transports["grpc-web"],
    lab.transports.router,
  ]) {
    const client = createClient(EchoService, transport);
    for await (const _ of client.serverStream({}, as("ada"))) {
      // read to the end
    }
    const leaving = new AbortController();
    const stream = client.serverStream({}, { ...as("ada"), signal: leaving.signal });
    await expect(async () => {
      for await (const _ of stream) leaving.abort();
    }).rejects.toThrow();
  }
  expect(deadlines.length).toBeGreaterThanOrEqual(8);
  // None of them keeps the process alive.
  expect(deadlines.filter((timer) => timer.hasRef())).toEqual([]);
  await vi.waitFor(() => expect(deadlines.filter((timer) => !ended.has(timer))).toEqual([]), 20_000);
  vi.useRealTimers();
  await lab.close();
});

test("a stream needs no timer where nobody's credential expires", async () => {
  const routes = ({ service }: ConnectRouter) =>
    service(EchoService, {
      async *serverStream() {
        yield { subject: getAuthContext()?.subject ?? "nobody" };
        await sleep(20);
      },
    });
  const router = {
    interceptors: [createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }), optionalMethods: ["*"] })],
  };
  const client = createClient(EchoService, createRouterTransport(routes, { router }));
  const read = async (options: object) => {
    const seen: string[] = [];
    for await (const { subject } of client.serverStream({}, options)) seen.push(subject);
    return seen;
  };
  const started = vi.spyOn(globalThis, "setTimeout");
  expect([await read(as("ada")), await read(as("bob")), await read({})]).toEqual([["ada"], ["bob"], ["nobody"]]);
  // The one that all verifications share.
  expect(started.mock.calls.map(([, delay]) => delay)).toEqual([10_000]);
});

test("a client that goes away while its credential is verified leaves no timer behind", async () => {
  const started = vi.spyOn(globalThis, "setTimeout");
  const cleared = vi.spyOn(globalThis, "clearTimeout");
  const inADay = 86_400_000;
  const leaving = new AbortController();
  const verified = vi.fn();
  const lab = await startLab({
    interceptors: [
      createAuthInterceptor({
        async verifyCredentials(subject) {
          leaving.abort();
          await sleep(50);
          verified();
          return { subject, expiresAt: new Date(Date.now() + inADay) };
        },
      }),
    ],
  });
  const client = createClient(EchoService, lab.transports.grpc);
  const stream = client.serverStream({}, { ...as("ada"), signal: leaving.signal });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow();
  await vi.waitFor(() => expect(verified).toHaveBeenCalled(), 20_000);
  await sleep(20);
  const ended = new Set(cleared.mock.calls.map(([timer]) => timer));
  const left = started.mock.results.filter(
    ({ value }, i) => (started.mock.calls[i]?.[1] ?? 0) > inADay / 2 && !ended.has(value),
  );
  expect(left).toEqual([]);
  await lab.close();
});

test("a deadline works where timers are numbers, as on edge runtimes", async () => {
  await withMovedClock(async () => {
    const start = setTimeout;
    vi.stubGlobal("setTimeout", (callback: () => void, delay: number) => Number(start(callback, delay)));
    const router = wiring(true, new Date(Date.now() + 300));
    const routes = ({ service }: ConnectRouter) =>
      service(EchoService, {
        async *serverStream() {
          yield { subject: requireAuthContext().subject };
          await sleep(5_000, undefined, { ref: false });
        },
      });
    const seen: string[] = [];
    const client = createClient(EchoService, createRouterTransport(routes, { router }));
    await expect(async () => {
      for await (const { subject } of client.serverStream({}, as("ada"))) {
        seen.push(subject);
        await vi.advanceTimersByTimeAsync(300);
      }
    }).rejects.toThrow("Credentials expired");
    expect(seen).toEqual(["ada"]);
  }).finally(() => vi.unstubAllGlobals());
});
