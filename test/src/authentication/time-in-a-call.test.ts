import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createRouterTransport,
  type HandlerContext,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
  type Auth,
  assertAuthorized,
  authContextKey,
  authorizeMethods,
  type CreateAuthOptions,
  createAuth,
  createAuthInterceptor,
  createAuthzInterceptor,
  createProtoAuthzInterceptor,
  createRevocations,
  credentials,
  type DecisionEvent,
  type MethodChecks,
  type Revocations,
} from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";

const kinds = ["unary", "server", "client", "bidi"] as const;
type Kind = (typeof kinds)[number];
const token = "a-token";
const lifetime = 60_000;

/** A promise, and what settles it. */
function pausing<T = void>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

/** What can happen to the caller's credential while something is waited for. */
type Happen = (revocations: Revocations) => void;
const events: Readonly<Record<"revoked" | "expired", Happen>> = {
  // Here at once, although the store of some tests keeps nothing.
  revoked: (revocations) => void revocations.revoke({ credential: token }).catch(() => {}),
  expired: () => void vi.setSystemTime(Date.now() + lifetime),
};

interface Pauses {
  readonly verify?: () => Promise<void>;
  readonly authorize?: () => Promise<void>;
  readonly check?: () => Promise<void>;
  readonly checkMessage?: () => Promise<void>;
  readonly store?: () => Promise<void>;
}

function parts({ verify, authorize, check, checkMessage, store }: Pauses = {}) {
  const entries = new Map<string, string>();
  const get = (key: string) => store?.().then(() => entries.get(key));
  const set = (key: string, value: string) => entries.set(key, value);
  const delay = 60_000; // A store that is slow on purpose takes as long as the test.
  const revocations = createRevocations(
    store && { storeTimeout: delay, store: { get, set, delete: (key) => entries.delete(key) } },
  );
  const expiresAt = new Date(Date.now() + lifetime);
  const verifyCredentials = async () => {
    await verify?.();
    return { subject: "ada", expiresAt };
  };
  const yes = async () => {
    await check?.();
    return true;
  };
  const stream = {
    open: yes,
    ...(checkMessage && {
      message: async () => {
        await checkMessage();
        return true;
      },
    }),
  };
  const checks: MethodChecks[] =
    check || checkMessage
      ? [authorizeMethods(EchoService, { unary: yes, serverStream: yes, clientStream: stream, bidiStream: stream })]
      : [];
  const decided = {
    checks,
    ...(authorize && {
      authorize: async () => {
        await authorize();
        return true;
      },
    }),
    // Where `authorize` is to decide, the table may not.
    policies: authorize ? [] : [EchoServicePolicy],
  };
  return { revocations, verifyCredentials, decided };
}

/** Every way to put access control in front of a service. */
const wirings = {
  createAuth: (pauses?: Pauses) => {
    const { revocations, verifyCredentials, decided } = parts(pauses);
    const authenticate = credentials({ verifyCredentials });
    const { interceptors } = createAuth({ ...decided, authenticate, revocations });
    return { revocations, server: { interceptors } };
  },
  "createAuth with its gate": (pauses?: Pauses) => {
    const { revocations, verifyCredentials, decided } = parts(pauses);
    const authenticate = credentials({ verifyCredentials });
    const { interceptors, requestGate } = createAuth({ ...decided, authenticate, revocations });
    return { revocations, server: { interceptors, requestGate } };
  },
  factories: (pauses?: Pauses) => {
    const { revocations, verifyCredentials, decided } = parts(pauses);
    const interceptors = [
      createAuthInterceptor({ verifyCredentials, revocations }),
      createProtoAuthzInterceptor(decided),
    ];
    return { revocations, server: { interceptors } };
  },
} as const;

/** Handlers that say when they start, and what they receive. */
function watched(starts: Kind[], received: string[], onStart: (context: HandlerContext) => void = () => {}) {
  const start = (kind: Kind, context: HandlerContext) => {
    starts.push(kind);
    onStart(context);
  };
  return ({ service }: ConnectRouter) =>
    void service(EchoService, {
      unary(_, context) {
        start("unary", context);
        return { text: "done" };
      },
      // Not a generator: it starts when it is called.
      serverStream(_, context) {
        start("server", context);
        return (async function* () {
          yield { text: "done" };
        })();
      },
      async clientStream(requests, context) {
        start("client", context);
        for await (const { text } of requests) received.push(text);
        return { text: "done" };
      },
      async *bidiStream(requests, context) {
        start("bidi", context);
        for await (const { text } of requests) {
          received.push(text);
          yield { text };
        }
      },
    });
}

async function call(transport: Transport, kind: Kind, messages: AsyncIterable<{ text: string }> = one()) {
  const client = createClient(EchoService, transport);
  const options = { headers: { authorization: `Bearer ${token}` } };
  try {
    if (kind === "unary") await client.unary({ text: "a" }, options);
    if (kind === "server") for await (const _ of client.serverStream({ text: "a" }, options));
    if (kind === "client") await client.clientStream(messages, options);
    if (kind === "bidi") for await (const _ of client.bidiStream(messages, options));
    return "ok";
  } catch (error) {
    return Code[ConnectError.from(error).code];
  }
}

async function* one() {
  yield { text: "a" };
}

/** Starts what is awaited within a call once, and holds it until it is told to go on. */
function holding() {
  const reached = pausing();
  const released = pausing();
  const hold = () => {
    reached.resolve();
    return released.promise;
  };
  return { hold, reached: reached.promise, release: released.resolve };
}

interface Server {
  readonly transports: Readonly<Record<"h2c" | "grpc" | "h1", Transport>>;
  readonly h1: string;
  readonly h2: string;
  close(): void;
}

async function serve(options: Parameters<typeof connectNodeAdapter>[0]): Promise<Server> {
  const h1 = http.createServer(connectNodeAdapter(options));
  const h2 = http2.createServer(connectNodeAdapter(options));
  const sessions: http2.ServerHttp2Session[] = [];
  h2.on("session", (session) => sessions.push(session));
  const [h1Url, h2Url] = await Promise.all(
    [h1, h2].map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }),
  );
  return {
    h1: h1Url as string,
    h2: h2Url as string,
    transports: {
      h2c: createConnectTransport({ baseUrl: h2Url as string, httpVersion: "2" }),
      grpc: createGrpcTransport({ baseUrl: h2Url as string }),
      h1: createConnectTransport({ baseUrl: h1Url as string, httpVersion: "1.1" }),
    },
    close() {
      h1.closeAllConnections();
      for (const session of sessions) session.destroy();
      h1.close();
      h2.close();
    },
  };
}

const methods = { unary: "Unary", server: "ServerStream", client: "ClientStream", bidi: "BidiStream" } as const;

/** Sends the headers of a call at once, and its only message when it is told to. */
function openCall(server: Server, version: "h1" | "h2c", kind: Kind, more: Record<string, string> = {}) {
  const path = `/lab.v1.EchoService/${methods[kind]}`;
  const json = JSON.stringify({ text: "a" });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": kind === "unary" ? "application/json" : "application/connect+json",
    "connect-protocol-version": "1",
    ...more,
  };
  const envelope = Buffer.alloc(5);
  envelope.writeUInt32BE(json.length, 1);
  const body = kind === "unary" ? Buffer.from(json) : Buffer.concat([envelope, Buffer.from(json)]);
  const answer = pausing<string>();
  const read = (stream: NodeJS.ReadableStream) => {
    let text = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
      text += chunk;
    });
    stream.on("end", () =>
      answer.resolve(/"code":"(\w+)"/.exec(text)?.[1] ?? (text.includes("done") || text.includes('"a"') ? "ok" : text)),
    );
  };
  if (version === "h1") {
    const request = http.request(`${server.h1}${path}`, { method: "POST", headers });
    request.on("response", read).on("error", () => answer.resolve("error"));
    request.flushHeaders();
    return { send: () => void request.end(body), answer: answer.promise };
  }
  const session = http2.connect(server.h2);
  const request = session.request({ ":method": "POST", ":path": path, ...headers });
  read(request);
  request.on("error", () => answer.resolve("error")).on("close", () => session.close());
  return { send: () => void request.end(body), answer: answer.promise };
}

describe.each(Object.entries(wirings))("%s: a client that holds its body back", (_, wire) => {
  const versions = kinds.flatMap((kind) =>
    (["h1", "h2c"] as const)
      .filter((version) => kind !== "bidi" || version === "h2c")
      .map((version) => ({ kind, version })),
  );
  describe.each(versions)("$kind over $version", ({ kind, version }) => {
    async function run(happen: (revocations: Revocations) => void) {
      const { revocations, server: wiring } = wire();
      const starts: Kind[] = [];
      const received: string[] = [];
      const accepted = pausing();
      const gate = (wiring as Partial<Auth>).requestGate;
      const streams = kind === "client" || kind === "bidi";
      const started = pausing();
      const routes = watched(starts, received, () => started.resolve());
      const server = await serve({
        routes,
        interceptors: wiring.interceptors,
        requestGate: async (context) => {
          await gate?.(context);
          accepted.resolve();
        },
      });
      try {
        const { send, answer } = openCall(server, version, kind);
        await accepted.promise;
        // These start at once, and wait for messages.
        if (streams) await started.promise;
        happen(revocations);
        send();
        return { answer: await answer, starts, received };
      } finally {
        server.close();
      }
    }
    test.each(Object.entries(events))("%s: unauthenticated", async (_, happen) => {
      const { answer, starts, received } = await run(happen);
      expect(answer).toBe("unauthenticated");
      expect(received).toEqual([]);
      if (kind === "unary" || kind === "server") expect(starts).toEqual([]);
    });
    test("and nothing happened: ok", async () => {
      expect(await run(() => {})).toMatchObject({ answer: "ok", starts: [kind] });
    });
  });
});

const waits = ["verify", "store", "authorize", "check"] as const;
describe.each(Object.entries(wirings))("%s: a credential that ends while the server waits", (_, wire) => {
  describe.each(waits)("for %s", (wait) => {
    describe.each(kinds)("%s", (kind) => {
      test.each([...Object.keys(events), "nothing"])("%s", async (event) => {
        const { hold, reached, release } = holding();
        const { revocations, server } = wire({ [wait]: hold });
        const starts: Kind[] = [];
        const transport = createRouterTransport(watched(starts, []), { router: server });
        const answer = call(transport, kind);
        await reached;
        if (event !== "nothing") events[event as keyof typeof events](revocations);
        release();
        expect(await answer).toBe(event === "nothing" ? "ok" : "Unauthenticated");
        expect(starts).toEqual(event === "nothing" ? [kind] : []);
      });
    });
  });

  describe.each(["client", "bidi"] as const)("for the check of a message: %s", (kind) => {
    test.each([...Object.keys(events), "nothing"])("%s", async (event) => {
      const { hold, reached, release } = holding();
      const { revocations, server } = wire({ checkMessage: hold });
      const received: string[] = [];
      const transport = createRouterTransport(watched([], received), { router: server });
      const answer = call(transport, kind);
      await reached;
      if (event !== "nothing") events[event as keyof typeof events](revocations);
      release();
      expect(await answer).toBe(event === "nothing" ? "ok" : "Unauthenticated");
      expect(received).toEqual(event === "nothing" ? ["a"] : []);
    });
  });

  test.each([
    { kind: "client", transport: "h1" },
    { kind: "client", transport: "h2c" },
    { kind: "client", transport: "grpc" },
    { kind: "bidi", transport: "h2c" },
    { kind: "bidi", transport: "grpc" },
  ] as const)("for the next message: $kind over $transport", async ({ kind, transport }) => {
    for (const [event, happen] of [...Object.entries<Happen>(events), ["nothing", () => {}] as const]) {
      const { revocations, server: wiring } = wire();
      const received: string[] = [];
      const started = pausing();
      const server = await serve({ routes: watched([], received, () => started.resolve()), ...wiring });
      const next = pausing();
      try {
        const answer = call(
          server.transports[transport],
          kind,
          (async function* () {
            yield { text: "a" };
            await next.promise;
            yield { text: "b" };
          })(),
        );
        await started.promise;
        while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
        happen(revocations);
        next.resolve();
        expect([event, await answer]).toEqual([event, event === "nothing" ? "ok" : "Unauthenticated"]);
        expect(received).toEqual(event === "nothing" ? ["a", "b"] : ["a"]);
      } finally {
        server.close();
      }
    }
  });
});

describe("a revocation at any step of a call", () => {
  const races = Object.entries(wirings).flatMap(([name, wire]) => kinds.map((kind) => ({ name, kind, wire })));
  test.each(races)("$name, $kind: no handler starts after it", async ({ name, kind, wire }) => {
    const seen = { before: 0, after: 0 };
    for (let steps = 0; steps < 150; steps++) {
      const { revocations, server } = wire({ verify: async () => {}, check: async () => {} });
      let revoked = false;
      const onStart = () => {
        seen[revoked ? "after" : "before"]++;
      };
      const transport = createRouterTransport(watched([], [], onStart), { router: server });
      const answer = call(transport, kind);
      for (let i = 0; i < steps; i++) await Promise.resolve();
      revoked = true;
      void revocations.revoke({ credential: token });
      await answer;
    }
    // Without the gate, connect takes a few steps from the message to the handler, in which nothing can come from outside.
    if (kind !== "server" || name.includes("gate")) expect(seen.after).toBe(0);
    expect(seen.before).toBeLessThan(150);
  });
});

test("interceptors that wait between ours and the handler: the gate, or assertAuthorized, looks again", async () => {
  for (const kind of kinds) {
    for (const guard of ["gate", "assertAuthorized", "none"] as const) {
      const { revocations, server } = wirings[guard === "gate" ? "createAuth with its gate" : "createAuth"]();
      const { hold, reached, release } = holding();
      const slow: Interceptor = (next) => async (req) => {
        await hold();
        return next(req);
      };
      let passed = 0;
      const routes = watched([], [], (context) => {
        if (guard === "assertAuthorized") assertAuthorized(context);
        passed++;
      });
      const transport = createRouterTransport(routes, {
        router: { ...server, interceptors: [...server.interceptors, slow] },
      });
      const answer = call(transport, kind);
      await reached;
      events.revoked(revocations);
      release();
      // Messages are looked at in any case; so is that of a server stream, before its handler starts.
      const lost = guard === "none" && kind === "unary";
      expect([guard, kind, await answer]).toEqual([guard, kind, lost ? "ok" : "Unauthenticated"]);
      if (guard !== "none") expect(passed).toBe(0);
    }
  }
});

describe("an identity that other code puts into the context values", () => {
  const establish =
    (expiresAt: unknown): Interceptor =>
    (next) =>
    (req) => {
      const identity = { subject: "ada", roles: [], scopes: [], claims: {}, type: "own", expiresAt };
      req.contextValues.set(authContextKey, identity as never);
      return next(req);
    };
  const chain = (expiresAt: unknown, check?: () => Promise<void>) => [
    establish(expiresAt),
    createProtoAuthzInterceptor({ policies: [EchoServicePolicy], checks: parts(check && { check }).decided.checks }),
  ];
  test.each(kinds)("%s: is refused when it has expired, and while it is waited", async (kind) => {
    const soon = () => new Date(Date.now() + lifetime);
    const run = async (expiresAt: unknown, check?: () => Promise<void>) => {
      const starts: Kind[] = [];
      const router = { interceptors: chain(expiresAt, check) };
      return [await call(createRouterTransport(watched(starts, []), { router }), kind), starts.length];
    };
    for (const good of [undefined, null, soon(), Date.now() + lifetime]) expect(await run(good)).toEqual(["ok", 1]);
    for (const bad of [new Date(0), new Date(Number.NaN), new Date(), 0, "soon", {}]) {
      expect(await run(bad)).toEqual(["Unauthenticated", 0]);
    }
    const later = async () => void vi.setSystemTime(Date.now() + lifetime);
    expect(await run(soon(), later)).toEqual(["Unauthenticated", 0]);
    expect(await run(soon(), async () => {})).toEqual(["ok", 1]);
  });

  test("ends its stream, in chains of our authentication as well", async () => {
    const router = {
      interceptors: [
        createAuthInterceptor({ verifyCredentials: () => ({ subject: "bob" }) }),
        ...chain(new Date(Date.now() + lifetime)),
      ],
    };
    const next = pausing();
    const received: string[] = [];
    const transport = createRouterTransport(watched([], received), { router });
    const answer = call(
      transport,
      "bidi",
      (async function* () {
        yield { text: "a" };
        await next.promise;
        yield { text: "b" };
      })(),
    );
    while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    events.expired(createRevocations());
    next.resolve();
    expect(await answer).toBe("Unauthenticated");
    expect(received).toEqual(["a"]);
  });

  test("is looked at where there are rules alone", async () => {
    const interceptors = [establish(new Date(0)), createAuthzInterceptor({ defaultPolicy: "allow" })];
    expect(await call(createRouterTransport(watched([], []), { router: { interceptors } }), "unary")).toBe(
      "Unauthenticated",
    );
  });
});

describe("a call that is over before its handler starts", () => {
  const over: readonly { name: string; headers: Record<string, string>; code: string }[] = [
    { name: "deadline", headers: { "connect-timeout-ms": "20" }, code: "deadline_exceeded" },
  ];
  const versions = (["unary", "server"] as const).flatMap((kind) =>
    (["h1", "h2c"] as const).flatMap((version) => over.map((row) => ({ ...row, kind, version }))),
  );
  test.each(versions)(
    "$name, $kind over $version, while the body is waited for",
    async ({ kind, version, headers, code }) => {
      for (const authenticated of [true, false]) {
        const starts: Kind[] = [];
        const aborted = pausing();
        const authz = authenticated
          ? wirings.createAuth().server.interceptors
          : [createAuthzInterceptor({ defaultPolicy: "allow" })];
        const server = await serve({
          routes: watched(starts, []),
          interceptors: authz,
          requestGate: ({ signal }) => signal.addEventListener("abort", () => aborted.resolve()),
        });
        try {
          const { send, answer } = openCall(server, version, kind, headers);
          await aborted.promise;
          send();
          expect(await answer).toBe(code);
          expect(starts).toEqual([]);
        } finally {
          server.close();
        }
      }
    },
  );

  test.each(kinds)("%s: deadline, or a client that has left, while a check is waited for", async (kind) => {
    for (const end of ["deadline", "left", "nothing"] as const) {
      const { hold, reached, release } = holding();
      const { server } = wirings.createAuth({ check: hold });
      const starts: Kind[] = [];
      const settled = pausing<string>();
      const aborted = pausing();
      const outer: Interceptor = (next) => async (req) => {
        req.signal.addEventListener("abort", () => aborted.resolve());
        try {
          const res = await next(req);
          settled.resolve("ok");
          return res;
        } catch (error) {
          settled.resolve(Code[ConnectError.from(error).code] as string);
          throw error;
        }
      };
      const router = { interceptors: [outer, ...server.interceptors] };
      const client = createClient(EchoService, createRouterTransport(watched(starts, []), { router }));
      const leave = new AbortController();
      const options = {
        headers: { authorization: `Bearer ${token}` },
        signal: leave.signal,
        ...(end === "deadline" && { timeoutMs: 20 }),
      };
      const calls = {
        unary: () => client.unary({}, options),
        server: () => collect(client.serverStream({}, options)),
        client: () => client.clientStream(one(), options),
        bidi: () => collect(client.bidiStream(one(), options)),
      };
      const answer = calls[kind]().then(
        () => "ok",
        () => "refused",
      );
      await reached;
      if (end === "left") leave.abort();
      if (end !== "nothing") await aborted.promise;
      release();
      const code = { deadline: "DeadlineExceeded", left: "Canceled", nothing: "ok" }[end];
      expect([end, await settled.promise]).toEqual([end, code]);
      expect(await answer).toBe(end === "nothing" ? "ok" : "refused");
      expect(starts).toEqual(end === "nothing" ? [kind] : []);
    }
  });
});

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

describe("a stream that is open and idle", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["Date", "performance", "setInterval", "clearInterval"] }));

  async function open(options: Partial<CreateAuthOptions> = {}) {
    const revocations = createRevocations();
    const verifyCredentials = () => ({ subject: "ada", expiresAt: new Date(Date.now() + 3_600_000) });
    const auth = createAuth({
      policies: [EchoServicePolicy],
      authenticate: credentials({ verifyCredentials }),
      revocations,
      ...options,
    });
    let stopped = false;
    const started = pausing();
    const idle = {
      next() {
        started.resolve();
        return new Promise<never>(() => {});
      },
      async return() {
        stopped = true;
        return { done: true as const, value: undefined };
      },
    };
    const routes = ({ service }: ConnectRouter) =>
      void service(EchoService, { serverStream: () => ({ [Symbol.asyncIterator]: () => idle }) });
    const state = { answer: "open" };
    void call(createRouterTransport(routes, { router: auth }), "server").then((answer) => {
      state.answer = answer as string;
    });
    await started.promise;
    return { state, revocations, isStopped: () => stopped };
  }
  const settle = () => vi.advanceTimersByTimeAsync(1_000);

  test("ends within a second of waking, when the machine slept past the expiry", async () => {
    const { state, isStopped } = await open();
    await settle();
    expect(state.answer).toBe("open");
    vi.setSystemTime(Date.now() + 24 * 3_600_000);
    await settle();
    expect(state.answer).toBe("Unauthenticated");
    expect(isStopped()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("goes on when the clock is set back, and ends at the expiry by that clock", async () => {
    const { state } = await open();
    const now = Date.now();
    vi.setSystemTime(now - 1_800_000);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(state.answer).toBe("open");
    await vi.advanceTimersByTimeAsync(1_800_000 + 1_000);
    expect(state.answer).toBe("Unauthenticated");
  });

  test("ends within a second of a revocation", async () => {
    const { state, revocations } = await open();
    await revocations.revoke({ subject: "bob" });
    await settle();
    expect(state.answer).toBe("open");
    await revocations.revoke({ subject: "ada" });
    await settle();
    expect(state.answer).toBe("Unauthenticated");
  });

  test("also where its credential does not expire", async () => {
    const { state, revocations } = await open({
      authenticate: credentials({ verifyCredentials: () => ({ subject: "ada" }) }),
    });
    vi.setSystemTime(Date.now() + 400 * 24 * 3_600_000);
    await settle();
    expect(state.answer).toBe("open");
    await revocations.revoke({ credential: token });
    await settle();
    expect(state.answer).toBe("Unauthenticated");
  });

  test("a hundred of them share one ticker", async () => {
    const all = await Promise.all(
      Array.from({ length: 100 }, () =>
        open({ authenticate: credentials({ verifyCredentials: () => ({ subject: "ada" }) }) }),
      ),
    );
    expect(vi.getTimerCount()).toBe(1);
    await Promise.all(all.map(({ revocations }) => revocations.revoke({ subject: "ada" })));
    await settle();
    expect(all.every(({ state }) => state.answer === "Unauthenticated")).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("clocks and the cache", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["Date", "performance"] }));
  function counted(ttl = 1_000) {
    let verified = 0;
    const verifyCredentials = () => {
      verified++;
      return { subject: "ada", expiresAt: new Date(Date.now() + 3_600_000) };
    };
    const interceptor = createAuthInterceptor({ verifyCredentials, cache: { ttl } });
    const transport = createRouterTransport(watched([], []), { router: { interceptors: [interceptor] } });
    return { ask: () => call(transport, "unary"), verified: () => verified };
  }
  const day = 24 * 3_600_000;

  test("an entry of a second lives a second, also when the clock is set back a day", async () => {
    const { ask, verified } = counted();
    await ask();
    vi.setSystemTime(Date.now() - day);
    vi.advanceTimersByTime(999);
    await ask();
    expect(verified()).toBe(1);
    vi.advanceTimersByTime(1);
    await ask();
    expect(verified()).toBe(2);
  });

  test("an entry does not outlive a sleep of the machine, in which the monotonic clock stands still", async () => {
    const { ask, verified } = counted();
    await ask();
    vi.setSystemTime(Date.now() + 1_000);
    await ask();
    expect(verified()).toBe(2);
  });

  test("`exp` is a time of the wall clock", async () => {
    const { ask, verified } = counted(10 * day);
    await ask();
    vi.setSystemTime(Date.now() + 3_600_000 - 1);
    await ask();
    expect(verified()).toBe(1);
    vi.setSystemTime(Date.now() + 1);
    await ask();
    expect(verified()).toBe(2);
  });
});

test("a body that comes long after the gate is not answered by a verification that is older than the cache's ttl", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  for (const cache of [{ ttl: 30_000 }, false] as const) {
    for (const signedOut of [true, false]) {
      let valid = true;
      let verified = 0;
      const auth = createAuth({
        policies: [EchoServicePolicy],
        authenticate: credentials({
          verifyCredentials: () => {
            verified++;
            return valid ? { subject: "ada" } : undefined;
          },
          ...(cache && { cache }),
        }),
      });
      const starts: Kind[] = [];
      const accepted = pausing();
      const server = await serve({
        routes: watched(starts, []),
        interceptors: auth.interceptors,
        requestGate: async (context) => {
          await auth.requestGate(context);
          accepted.resolve();
        },
      });
      try {
        const { send, answer } = openCall(server, "h1", "unary");
        await accepted.promise;
        expect(verified).toBe(1);
        valid = !signedOut;
        vi.advanceTimersByTime(31_000);
        send();
        expect(await answer).toBe(signedOut ? "unauthenticated" : "ok");
        expect(verified).toBe(2);
        expect(starts.length).toBe(signedOut ? 0 : 1);
      } finally {
        server.close();
      }
    }
  }
});

test.each(["enforce", "report"] as const)("in mode %s, it is refused and the audit log hears of it", async (mode) => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { hold, reached, release } = holding();
  const { revocations, verifyCredentials } = parts({});
  const heard: DecisionEvent[] = [];
  const auth = createAuth({
    policies: [EchoServicePolicy],
    // In report mode, checks are not waited for: something else has to take time.
    authenticate: credentials({ verifyCredentials }),
    revocations,
    mode,
    onDecision: (event) => void heard.push(event),
  });
  const slow: Interceptor = (next) => async (req) => {
    await hold();
    return next(req);
  };
  const [authentication, authorization] = auth.interceptors as [Interceptor, Interceptor];
  const starts: Kind[] = [];
  const router = { interceptors: [authentication, slow, authorization] };
  const answer = call(createRouterTransport(watched(starts, []), { router }), "unary");
  await reached;
  events.revoked(revocations);
  release();
  expect(await answer).toBe("Unauthenticated");
  expect(starts).toEqual([]);
  expect(heard).toMatchObject([
    { effect: "deny", decidedBy: "authentication", reason: "unauthenticated", subject: "ada", enforced: true },
  ]);
  warned.mockRestore();
});

test.each(["h2c", "grpc", "h1"] as const)("a stream of answers over %s ends at its next message", async (version) => {
  for (const [event, happen] of [...Object.entries<Happen>(events), ["nothing", () => {}] as const]) {
    const { revocations, server: wiring } = wirings["createAuth with its gate"]();
    const next = pausing();
    const routes = ({ service }: ConnectRouter) =>
      void service(EchoService, {
        async *serverStream() {
          yield { text: "a" };
          await next.promise;
          yield { text: "b" };
        },
      });
    const server = await serve({ routes, ...wiring });
    const received: string[] = [];
    try {
      const client = createClient(EchoService, server.transports[version]);
      const read = async () => {
        const options = { headers: { authorization: `Bearer ${token}` } };
        for await (const { text } of client.serverStream({}, options)) {
          received.push(text);
          if (text !== "a") continue;
          happen(revocations);
          next.resolve();
        }
      };
      const code = await read().then(
        () => "ok",
        (error) => Code[ConnectError.from(error).code],
      );
      expect([event, code]).toEqual([event, event === "nothing" ? "ok" : "Unauthenticated"]);
      expect(received).toEqual(event === "nothing" ? ["a", "b"] : ["a"]);
    } finally {
      server.close();
    }
  }
});

test.each(kinds)("%s: a deadline that passes while code keeps the process busy", async (kind) => {
  for (const late of [true, false]) {
    const check = async () => void (late && vi.setSystemTime(Date.now() + 2_000));
    const { server } = wirings["createAuth with its gate"]({ check });
    const starts: Kind[] = [];
    const transport = createRouterTransport(watched(starts, []), {
      router: server,
      transport: {
        // A header, and not `timeoutMs`: the client would give up by itself.
        interceptors: [
          (next) => (req) => {
            req.header.set("connect-timeout-ms", "1000");
            return next(req);
          },
        ],
      },
    });
    expect(await call(transport, kind)).toBe(late ? "DeadlineExceeded" : "ok");
    expect(starts).toEqual(late ? [] : [kind]);
  }
});
