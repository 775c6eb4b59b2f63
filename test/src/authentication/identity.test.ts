import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createClient,
  createContextValues,
  createRouterTransport,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import {
  authContextKey,
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  credentials,
  getAuthContext,
  getInternalMethods,
  getPublicMethods,
  jwt,
  requireAuthContext,
  sharedSecretTrust,
} from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService, ServerStreamResponseSchema } from "../gen/lab/v1/lab_pb.js";
import { callAs, kinds, missing, ok, outcome, refused, tryIt, withLab } from "../support/call.js";
import { labRoutes, protocols } from "../support/lab.js";
import { withMovedClock } from "../support/moved-clock.js";
import { samples } from "../support/samples.js";

const verifyCredentials = (token: string) => (token.startsWith("bad") ? null : { subject: token });
const as = (subject: string) => ({ authorization: `Bearer ${subject}` });
const authenticate = credentials({ verifyCredentials });
const policies = [EchoServicePolicy];
const echoOf = (interceptors: Interceptor[]) => {
  const router = { interceptors };
  return createClient(EchoService, createRouterTransport(labRoutes(router), { router }));
};

describe("calls that handlers make in process", () => {
  test.each(protocols)("an anonymous inner call of a public method has no identity (%s)", async (protocol) => {
    await withLab(createAuth({ policies, authenticate }), async ({ transports }) => {
      const echo = createClient(EchoService, transports[protocol]);
      expect(await echo.nested({}, { headers: as("ada") })).toMatchObject({
        subject: "ada",
        current: "ada",
        text: "inner::",
      });
      // Its twin: asked directly, with optional identity, the same method does see its caller.
      expect(await echo.publicUnary({}, { headers: as("ada") })).toMatchObject({ subject: "", current: "" });
    });
  });

  test("an inner call of a guarded method is refused, whoever called the outer one", async () => {
    const inner = echoOf([createAuthInterceptor({ verifyCredentials })]);
    const outer: Interceptor = (next) => async (req) => {
      await expect(inner.unary({})).rejects.toMatchObject({ rawMessage: "Missing credentials" });
      expect(await inner.unary({}, { headers: as("bob") })).toMatchObject({ subject: "bob", current: "bob" });
      expect(getAuthContext()?.subject).toBe("ada");
      return next(req);
    };
    expect(await tryIt([createAuthInterceptor({ verifyCredentials }), outer], as("ada"))).toEqual(ok());
  });
});

test("interleaved calls by different callers: each sees itself", { timeout: 120_000 }, async () => {
  const count = samples(1_000, 4_000);
  const auth = createAuth({ policies, authenticate: jwt({ secret: TEST_JWT_SECRET, audience: "lab" }) });
  await withLab(auth, async ({ transports }) => {
    const callers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        return { subject: `caller-${i}`, headers: as(await createTestJwt({ sub: `caller-${i}`, aud: "lab" })) };
      }),
    );
    const { connect, grpc, "grpc-web": grpcWeb, "connect-h1": h1, router } = transports;
    const wires = [router, connect, router, grpc, router, grpcWeb, router, h1] as const;
    let next = 0;
    let mixed = 0;
    let done = 0;
    const worker = async () => {
      for (let n = next++; n < count; n = next++) {
        const caller = callers[(n * 7) % callers.length] as (typeof callers)[number];
        const kind = kinds[(n >> 3) % 4] as (typeof kinds)[number];
        const wire = wires[n % 8] as (typeof wires)[number];
        // One in ten is refused in between, so that an error does not leave an identity behind either.
        if (n % 10 === 0) await expect(callAs(wire, "unary", as("bad"))).rejects.toThrow("Invalid credentials");
        else if (
          (await callAs(kind === "bidi" && wire === h1 ? connect : wire, kind, caller.headers)) !== caller.subject
        )
          mixed++;
        done++;
      }
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    expect({ done, mixed }).toEqual({ done: count, mixed: 0 });
  });
});

describe("what handlers see", () => {
  const contextOf = async (interceptors: Interceptor[], headers: HeadersInit) => {
    let seen: ReturnType<typeof getAuthContext>;
    const look: Interceptor = (next) => (req) => {
      seen = req.contextValues.get(authContextKey);
      return next(req);
    };
    await tryIt([...interceptors, look], headers);
    return seen;
  };

  test("a cached identity cannot be changed for the calls that follow", async () => {
    const interceptor = createAuthInterceptor({
      cache: {},
      verifyCredentials: () => ({
        subject: "ada",
        roles: ["user"],
        claims: { deep: { list: [1] } },
        expiresAt: new Date(Date.now() + 60_000),
      }),
    });
    const first = await contextOf([interceptor], as("ada"));
    expect(first).toBeDefined();
    for (const part of [first, first?.roles, first?.scopes, first?.claims, first?.claims["deep"]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    first?.expiresAt?.setTime(0);
    expect(() => (first as unknown as { roles: string[] }).roles.push("admin")).toThrow(TypeError);
    const second = await contextOf([interceptor], as("ada"));
    expect(second).toBe(first);
    expect(second?.expiresAt?.getTime()).toBeGreaterThan(Date.now());
  });

  test("what the verifier gave is copied: it may change its own objects", async () => {
    const roles = ["user"];
    const context = await contextOf(
      [createAuthInterceptor({ verifyCredentials: () => ({ subject: "ada", roles }) })],
      as("x"),
    );
    roles.push("admin");
    expect(context?.roles).toEqual(["user"]);
  });

  test("outside of a call there is nobody", () => {
    expect(getAuthContext()).toBeUndefined();
    expect(() => requireAuthContext()).toThrow("Missing credentials");
  });

  test("after a call there is nobody, also when it failed", async () => {
    const interceptor = createAuthInterceptor({ verifyCredentials });
    await tryIt(interceptor, as("ada"));
    expect(getAuthContext()).toBeUndefined();
    await tryIt([interceptor, () => () => Promise.reject(new Error("the handler failed"))], as("ada"));
    expect(getAuthContext()).toBeUndefined();
  });
});

describe("methods that are skipped or optional", () => {
  const publicMethods = getPublicMethods(policies);
  const publicUnary = (interceptors: Interceptor[], headers: HeadersInit) =>
    outcome(
      echoOf(interceptors)
        .publicUnary({}, { headers })
        .then(({ subject }) => subject),
    );

  test.each([
    { name: "skipped, anonymous", options: { skipMethods: publicMethods }, headers: {}, want: ok("") },
    { name: "skipped, with a credential", options: { skipMethods: publicMethods }, headers: as("ada"), want: ok("") },
    { name: "skipped, with a bad one", options: { skipMethods: publicMethods }, headers: as("bad"), want: ok("") },
    { name: "optional, anonymous", options: { optionalMethods: publicMethods }, headers: {}, want: ok("") },
    {
      name: "optional, with a credential",
      options: { optionalMethods: publicMethods },
      headers: as("ada"),
      want: ok(),
    },
    {
      name: "optional, with a bad one",
      options: { optionalMethods: publicMethods },
      headers: as("bad"),
      want: refused(),
    },
    {
      name: "optional, anonymous, with nothing to propagate",
      options: { optionalMethods: publicMethods, propagateHeaders: true },
      headers: {},
      want: ok(""),
    },
    {
      name: "both, with a credential",
      options: { skipMethods: ["*"], optionalMethods: publicMethods },
      headers: as("ada"),
      want: ok(),
    },
    {
      name: "both, with a bad one",
      options: { skipMethods: ["*"], optionalMethods: publicMethods },
      headers: as("bad"),
      want: refused(),
    },
    { name: "neither, anonymous", options: {}, headers: {}, want: missing },
  ])("$name", async ({ options, headers, want }) => {
    expect(await publicUnary([createAuthInterceptor({ verifyCredentials, ...options })], headers)).toMatchObject(want);
  });

  test.each([
    { name: "public", optionalMethods: [], headers: as("ada"), want: ok("") },
    { name: "public and optional, with a credential", optionalMethods: publicMethods, headers: as("ada"), want: ok() },
    {
      name: "public and optional, with a bad one",
      optionalMethods: publicMethods,
      headers: as("bad"),
      want: refused(),
    },
    { name: "public and optional, anonymous", optionalMethods: publicMethods, headers: {}, want: ok("") },
  ])("createAuth: $name", async ({ optionalMethods, headers, want }) => {
    const { interceptors } = createAuth({ policies, authenticate, optionalMethods });
    expect(await publicUnary(interceptors, headers)).toMatchObject(want);
  });
});

describe("internal methods", () => {
  const trust = sharedSecretTrust({ callers: { billing: "the-secret-of-billing" } });
  const service = { "x-internal-secret": "the-secret-of-billing" };
  const internalUnary = (interceptors: Interceptor[], headers: HeadersInit) =>
    outcome(
      echoOf(interceptors)
        .internalUnary({}, { headers })
        .then(({ subject }) => subject),
    );
  const { interceptors } = createAuth({ policies, authenticate, internal: trust });
  const composed = [
    createAuthInterceptor({ verifyCredentials, skipMethods: getInternalMethods(policies) }),
    createInternalAuthInterceptor({ trust, methods: getInternalMethods(policies) }),
    ...createAuth({ policies, authenticate }).interceptors.slice(1),
  ];

  test.each([
    { name: "a service", headers: service, want: ok("billing") },
    { name: "a user", headers: as("ada"), want: missing },
    { name: "a user who guesses the secret", headers: { ...as("ada"), "x-internal-secret": "x" }, want: refused() },
    { name: "nobody", headers: {}, want: missing },
  ])("$name", async ({ headers, want }) => {
    expect(await internalUnary(interceptors, headers)).toMatchObject(want);
    expect(await internalUnary(composed, headers)).toMatchObject(want);
  });

  test("a user's identity that an interceptor before left there does not open them", async () => {
    const user = createAuthInterceptor({ verifyCredentials });
    const authz = createAuth({ policies, authenticate }).interceptors.slice(1);
    expect(await internalUnary([user, ...authz], as("ada"))).toMatchObject({ code: "PermissionDenied" });
  });

  test("an identity that looks internal is not: nothing in a token or a mapping says so", async () => {
    const forged = createAuthInterceptor({
      verifyCredentials: () => ({ subject: "eve", type: "internal", claims: { internal: true }, internal: true }),
    });
    const authz = createAuth({ policies, authenticate }).interceptors.slice(1);
    expect(await internalUnary([forged, ...authz], as("eve"))).toMatchObject({ code: "PermissionDenied" });
  });
});

describe("several interceptors in one chain", () => {
  test("the second does not take away what the first propagates, and neither lets a client forge it", async () => {
    let subject: string | null = null;
    const look: Interceptor = (next) => (req) => {
      subject = req.header.get("x-auth-subject");
      expect(req.header.get("x-auth-roles")).toBeNull();
      return next(req);
    };
    const chain = [
      createAuthInterceptor({ verifyCredentials, propagateHeaders: true }),
      createGatewayAuthInterceptor({
        headerMapping: { subject: "x-user" },
        trustSource: { header: "x-gateway-secret", secrets: "the-secret-of-the-gateway" },
        optionalMethods: ["*"],
      }),
      look,
    ];
    const forged = { ...as("ada"), "x-auth-subject": "eve", "x-auth-roles": '["admin"]' };
    expect(await tryIt(chain, forged)).toEqual(ok());
    expect(subject).toBe("ada");
  });

  test("an interceptor that is installed twice verifies once", async () => {
    let verified = 0;
    const interceptor = createAuthInterceptor({
      verifyCredentials: (token) => ({ subject: `${token}${verified++ || ""}` }),
    });
    expect(await tryIt([interceptor, interceptor], as("ada"))).toEqual(ok());
    expect(verified).toBe(1);
  });

  test.each<[string, (req: UnaryRequest | StreamRequest) => object]>([
    ["headers", ({ header }) => ({ header: new Headers(header) })],
    ["a signal", () => ({ signal: new AbortController().signal })],
  ])("so it does where an interceptor in between gives the call %s of its own", async (_, change) => {
    let verified = 0;
    const interceptor = createAuthInterceptor({
      verifyCredentials: (token) => ({ subject: `${token}${verified++ || ""}` }),
    });
    const between: Interceptor = (next) => (req) => next({ ...req, ...change(req) });
    expect(await tryIt([interceptor, between, interceptor], as("ada"))).toEqual(ok());
    expect(verified).toBe(1);
  });

  test("the gate and the interceptors verify once", async () => {
    let verified = 0;
    const counted = credentials({ verifyCredentials: (token) => ({ subject: token, claims: { n: ++verified } }) });
    await withLab(createAuth({ policies, authenticate: counted }), async ({ transports }) => {
      for (const [i, kind] of kinds.entries()) {
        expect(await callAs(transports.grpc, kind, as("ada"))).toBe("ada");
        expect(verified).toBe(i + 1);
      }
    });
  });
});

test("context values that the server shares among calls are an error, never somebody else's identity", async () => {
  const shared = createContextValues();
  const wiring = { ...createAuth({ policies, authenticate }), contextValues: () => shared };
  await withLab(wiring, async ({ transports }) => {
    expect(await callAs(transports.grpc, "unary", as("ada"))).toBe("ada");
    expect(await outcome(callAs(transports.grpc, "unary", as("bob")))).toMatchObject({
      code: "Internal",
      text: "Internal error",
    });
    expect(await outcome(callAs(transports.grpc, "unary", {}))).toMatchObject({ code: "Internal" });
  });
});

describe("streams end with their credential", () => {
  const expiring = (ms: number) =>
    createAuthInterceptor({ verifyCredentials: (token) => ({ subject: token, expiresAt: new Date(Date.now() + ms) }) });
  /** Sends a message, and then nothing for longer than the credential lasts. */
  async function* idle() {
    yield { text: "first" };
    await sleep(5_000, undefined, { ref: false });
    yield { text: "late" };
  }

  test.each(["connect", "grpc", "grpc-web"] as const)("an idle stream (%s)", async (protocol) => {
    await withMovedClock(() =>
      withLab({ interceptors: [expiring(60_000)] }, async ({ transports }) => {
        const texts: string[] = [];
        const stream = (async () => {
          const client = createClient(EchoService, transports[protocol]);
          for await (const { text } of client.bidiStream(idle(), { headers: as("ada") })) {
            texts.push(text);
            await vi.advanceTimersByTimeAsync(60_000);
          }
          return "ended";
        })();
        expect(await outcome(stream)).toEqual({
          code: "Unauthenticated",
          text: "Credentials expired",
          challenge: 'Bearer error="invalid_token"',
        });
        expect(texts).toEqual(["first"]);
      }),
    );
  });

  test("a client stream that goes on sending", async () => {
    await withLab({ interceptors: [expiring(150)] }, async ({ transports }) => {
      const client = createClient(EchoService, transports.grpc);
      const stream = client.clientStream(idle(), { headers: as("ada") }).then(({ text }) => text);
      expect(await outcome(stream)).toMatchObject(refused("Credentials expired"));
    });
  });

  test("one that is over in time is not touched", async () => {
    await withLab({ interceptors: [expiring(60_000)] }, async ({ transports }) => {
      for (const kind of kinds) expect(await callAs(transports.grpc, kind, as("ada"))).toBe("ada");
    });
  });

  test("a deadline beyond what a timer can hold does not end it at once", async () => {
    await withLab({ interceptors: [expiring(400 * 24 * 3600 * 1000)] }, async ({ transports }) => {
      expect(await callAs(transports.grpc, "server", as("ada"))).toBe("ada");
    });
  });

  test("which may be further away than a timer can wait", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    try {
      const days = 24 * 3600 * 1000;
      let settled = false;
      const read = async () => {
        const transport = createRouterTransport(
          ({ service }) => service(EchoService, { serverStream: () => ({ [Symbol.asyncIterator]: () => forever }) }),
          { router: { interceptors: [expiring(60 * days)] } },
        );
        for await (const _ of createClient(EchoService, transport).serverStream({}, { headers: as("ada") }));
        return "ended";
      };
      const forever = { next: () => new Promise<never>(() => {}) };
      const stream = outcome(read()).finally(() => {
        settled = true;
      });
      await vi.advanceTimersByTimeAsync(60 * days - 1);
      expect(settled).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await stream).toMatchObject(refused("Credentials expired"));
    } finally {
      vi.useRealTimers();
    }
  });

  test("the handler is asked to stop, so that it does not produce for nobody", async () => {
    let stop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const routes = ({ service }: ConnectRouter) =>
      service(EchoService, {
        async *serverStream() {
          try {
            for (;;) {
              await sleep(20);
              yield { text: "tick" };
            }
          } finally {
            stop();
          }
        },
      });
    const transport = createRouterTransport(routes, { router: { interceptors: [expiring(100)] } });
    const stream = (async () => {
      for await (const _ of createClient(EchoService, transport).serverStream({}, { headers: as("ada") }));
      return "ended";
    })();
    expect(await outcome(stream)).toMatchObject(refused("Credentials expired"));
    await stopped;
  });

  const answerWith = (messages: object): Interceptor => {
    const message = { [Symbol.asyncIterator]: () => messages };
    return (next) => async (req) => ({ ...(await next(req)), message }) as never;
  };
  /** Has the iterator of an answer in its hands before the client reads. */
  const handle =
    (use: (answer: AsyncIterable<unknown>) => Promise<AsyncIterable<unknown>>): Interceptor =>
    (next) =>
    async (req) => {
      const res = await next(req);
      return { ...res, message: await use(res.message as AsyncIterable<unknown>) } as never;
    };
  const readAll = async (interceptors: Interceptor[]) => {
    for await (const _ of echoOf(interceptors).serverStream({}, { headers: as("ada") }));
    return "ended";
  };
  const late = handle(async (answer) => {
    await sleep(100);
    return answer;
  });
  const lateNext = handle(async (answer) => {
    const it = answer[Symbol.asyncIterator]();
    await sleep(100);
    return { [Symbol.asyncIterator]: () => it };
  });

  test.each([
    { name: "in time", reader: late, ms: 10_000, want: ["next", "next"] },
    { name: "in time, message by message", reader: lateNext, ms: 10_000, want: ["next", "next"] },
    { name: "when it is over, which does not run the handler for nobody", reader: late, ms: 50, want: ["return"] },
    { name: "when it is over, message by message", reader: lateNext, ms: 50, want: ["return"] },
  ])("an answer that is read late: $name", async ({ reader, ms, want }) => {
    const seen: string[] = [];
    const produce = answerWith({
      next: async () => ({ done: seen.push("next") > 1, value: create(ServerStreamResponseSchema) }),
      return: async () => ({ done: true, value: seen.push("return") }),
    });
    expect(await outcome(readAll([reader, expiring(ms), produce]))).toMatchObject(
      ms > 100 ? ok("ended") : refused("Credentials expired"),
    );
    await vi.waitFor(() => expect(seen).toEqual(want), 20_000);
  });

  const next = () => new Promise(() => {});
  test.each([
    { name: "can be left", messages: { next, return: async (value: unknown) => ({ done: true, value }) } },
    { name: "can be failed", messages: { next, throw: async (value: unknown) => ({ done: true, value }) } },
    { name: "can be neither", messages: { next } },
  ])("an answer that $name stays so", async ({ messages }) => {
    const seen: unknown[] = [];
    const leave = handle(async (answer) => {
      const it = answer[Symbol.asyncIterator]();
      seen.push(Object.keys(it), await it.return?.("left"), await it.throw?.("failed"));
      return (async function* () {})();
    });
    expect(await readAll([leave, expiring(10_000), answerWith(messages)])).toBe("ended");
    expect(seen).toEqual([
      Object.keys(messages),
      "return" in messages ? { done: true, value: "left" } : undefined,
      "throw" in messages ? { done: true, value: "failed" } : undefined,
    ]);
  });
});

test("a stream that an interceptor answers with a single message is an error, since its end could not be watched", async () => {
  const interceptor = createAuthInterceptor({
    verifyCredentials: (subject) => ({ subject, expiresAt: new Date(Date.now() + 60_000) }),
  });
  const broken: Interceptor = (next) => async (req) => ({ ...(await next(req)), stream: false }) as never;
  const stream = (async () => {
    for await (const _ of echoOf([interceptor, broken]).serverStream({}, { headers: as("ada") }));
    return "ended";
  })();
  expect(await outcome(stream)).toMatchObject({
    code: "Internal",
    text: "a stream was answered with a single message",
  });
});

test.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("stop");
    },
  ],
  ["rejects", () => Promise.reject(new Error("stop"))],
  ["gives no promise", () => ({ done: true })],
])("an iterator whose return %s at the deadline does not end the process", async (_, end) => {
  const forever = { next: () => new Promise(() => {}), return: end };
  const produce: Interceptor = (next) => async (req) => {
    const res = await next(req);
    return { ...res, message: { [Symbol.asyncIterator]: () => forever } } as never;
  };
  const expiring = createAuthInterceptor({
    verifyCredentials: () => ({ subject: "ada", expiresAt: new Date(Date.now() + 60) }),
  });
  const stream = (async () => {
    for await (const _ of echoOf([expiring, produce]).serverStream({}, { headers: as("ada") }));
    return "ended";
  })();
  expect(await outcome(stream)).toMatchObject(refused("Credentials expired"));
});

test("the timer of a stream does not keep the process alive", async () => {
  const script = `
    import { createAuthInterceptor } from "@connectum/auth";
    import { createContextValues } from "@connectrpc/connect";
    const interceptor = createAuthInterceptor({ verifyCredentials: () => ({ subject: "ada", expiresAt: new Date(Date.now() + 3600_000) }) });
    const method = { name: "List", parent: { typeName: "pkg.v1.Service" } };
    const req = { stream: true, method, service: method.parent, header: new Headers({ authorization: "Bearer x" }), contextValues: createContextValues(), signal: new AbortController().signal, message: (async function* () {})() };
    const forever = { next: () => new Promise(() => {}) };
    const res = await interceptor(async () => ({ stream: true, message: { [Symbol.asyncIterator]: () => forever } }))(req);
    void res.message[Symbol.asyncIterator]().next();
    console.log("done");
  `;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    timeout: 60_000,
  });
  expect((await run).stdout).toBe("done\n");
});

test("a JWT interceptor with public methods, as documented, tells callers apart", async () => {
  const interceptor = createJwtAuthInterceptor({
    secret: TEST_JWT_SECRET,
    audience: "lab",
    skipMethods: getPublicMethods(policies),
  });
  const token = await createTestJwt({ sub: "ada", aud: "lab" });
  expect(await tryIt(interceptor, as(token))).toEqual(ok());
  expect(await tryIt(interceptor)).toMatchObject(missing);
});
