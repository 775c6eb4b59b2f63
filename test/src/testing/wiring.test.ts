import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createContextValues,
  createHandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import {
  type Auth,
  authorizeMethods,
  createAuth,
  createAuthInterceptor,
  createProtoAuthzInterceptor,
} from "@connectum/auth";
import { checkWiring, type WiredServer } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { as, callers, collect, outcome, streamOf, userScheme } from "../authorization/callers.js";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService, PlainService } from "../gen/lab/v1/lab_pb.js";
import { startLab } from "../support/lab.js";

const policies = [AccessServicePolicy, EchoServicePolicy];
const ownRows = authorizeMethods(EchoService, { unary: (caller, { text }) => caller.subject === text });
const create = () => createAuth({ policies, authenticate: userScheme, checks: [ownRows] });
const own: Interceptor = (next) => (req) => next(req);

let warned: MockInstance;
beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warned.mockRestore());

/** Handlers of every kind that count how often they run. */
function counted() {
  const runs = { count: 0 };
  const run = () => {
    runs.count++;
    return {};
  };
  const echo = {
    unary: run,
    clientStream: async (requests: AsyncIterable<unknown>) => {
      run();
      await collect(requests);
      return {};
    },
    serverStream: () => streamOf(run()),
    bidiStream: () => streamOf(run()),
    publicUnary: run,
    publicServerStream: () => streamOf(run()),
    internalUnary: run,
  };
  return { runs, echo };
}

type Options = Parameters<ConnectRouter["service"]>[2];
const kinds = ["unary", "serverStream", "clientStream", "bidiStream", "publicUnary"] as const;

/** How a service can lose the interceptors of its server. */
const lost: readonly { name: string; server: (auth: Auth) => object; service?: Options; rpc?: Options }[] = [
  { name: "interceptors of the service", server: (auth) => auth, service: { interceptors: [own] } },
  { name: "no interceptors for the service", server: (auth) => auth, service: { interceptors: [] } },
  {
    name: "undefined interceptors of the service",
    server: (auth) => auth,
    service: { interceptors: undefined as never },
  },
  { name: "interceptors of a method", server: (auth) => auth, rpc: { interceptors: [own] } },
  { name: "interceptors after ...auth", server: (auth) => ({ ...auth, interceptors: [own] }) },
  { name: "authentication alone", server: (auth) => ({ ...auth, interceptors: auth.interceptors.slice(0, 1) }) },
];

/** How a service keeps them. */
const kept: readonly { name: string; server: (auth: Auth) => object; service?: (auth: Auth) => Options }[] = [
  { name: "those of the server", server: (auth) => auth },
  { name: "own after ours", server: (auth) => ({ ...auth, interceptors: [...auth.interceptors, own] }) },
  { name: "own before ours", server: (auth) => ({ ...auth, interceptors: [own, ...auth.interceptors] }) },
  { name: "withInterceptors for the server", server: (auth) => auth.withInterceptors([own]) },
  { name: "withInterceptors for the service", server: (auth) => auth, service: (auth) => auth.withInterceptors([own]) },
  {
    name: "withInterceptors around ours",
    server: (auth) => auth,
    service: (auth) => auth.withInterceptors([...auth.interceptors, own]),
  },
  { name: "no gate", server: ({ interceptors }) => ({ interceptors }) },
  { name: "no gate for the service", server: (auth) => auth, service: () => ({ requestGate: undefined as never }) },
  {
    name: "a gate around ours",
    server: (auth) => ({ ...auth, requestGate: async (context: never) => auth.requestGate(context) }),
  },
];

function routesOf(echo: ReturnType<typeof counted>["echo"], service?: Options, rpc?: Options) {
  return (router: ConnectRouter) => {
    if (rpc === undefined) router.service(EchoService, echo, service);
    for (const [name, implementation] of rpc === undefined ? [] : Object.entries(echo)) {
      router.rpc(EchoService.method[name as keyof typeof echo], implementation as never, rpc);
    }
  };
}

function call(client: ReturnType<typeof createClient<typeof EchoService>>, kind: (typeof kinds)[number]) {
  const options = { headers: as("right") };
  switch (kind) {
    case "unary":
      return outcome(client.unary({ text: "right" }, options));
    case "serverStream":
      return outcome(client.serverStream({}, options));
    case "clientStream":
      return outcome(client.clientStream(streamOf({}), options));
    case "bidiStream":
      return outcome(client.bidiStream(streamOf({}), options));
    default:
      return outcome(client.publicUnary({}, options));
  }
}

describe("behind the gate, a service without our interceptors refuses", () => {
  test.each(lost)("$name", async ({ server, service, rpc }) => {
    const { runs, echo } = counted();
    const lab = await startLab(server(create()), routesOf(echo, service, rpc));
    try {
      for (const transport of Object.values(lab.transports)) {
        const client = createClient(EchoService, transport);
        for (const kind of kinds) {
          if (kind === "bidiStream" && transport === lab.transports["connect-h1"]) continue;
          expect([kind, await call(client, kind)]).toEqual([kind, "Internal"]);
        }
      }
    } finally {
      await lab.close();
    }
    expect(runs.count).toBe(0);
    // Once for a server, of which the lab has three; it names the service and the fix.
    const lines = warned.mock.calls.map(([line]) => String(line));
    expect(new Set(lines).size).toBe(1);
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(lines[0]).toMatch(/lab\.v1\.EchoService\/Unary.*auth\.withInterceptors/);
  });
});

describe("with our interceptors it answers", () => {
  test.each(kept)("$name", async ({ server, service }) => {
    const { runs, echo } = counted();
    const auth = create();
    const lab = await startLab(server(auth), routesOf(echo, service?.(auth)));
    try {
      for (const transport of [lab.transports.grpc, lab.transports["grpc-web"], lab.transports.connect]) {
        const client = createClient(EchoService, transport);
        for (const kind of kinds) expect([kind, await call(client, kind)]).toEqual([kind, "ok"]);
        expect(await outcome(client.unary({ text: "another" }, { headers: as("right") }))).toBe("PermissionDenied");
        expect(await outcome(client.unary({ text: "right" }))).toBe("Unauthenticated");
      }
      expect(runs.count).toBe(3 * kinds.length);
    } finally {
      await lab.close();
    }
    expect(warned).not.toHaveBeenCalled();
  });
});

test("the gate takes a context that cannot be changed", async () => {
  const context = createHandlerContext({
    service: EchoService,
    method: EchoService.method.publicUnary,
    protocolName: "connect",
    requestMethod: "POST",
    url: "",
    contextValues: createContextValues(),
  });
  await expect(Promise.resolve(create().requestGate(Object.freeze(context)))).resolves.toBeUndefined();
});

test("all servers of a process watch contexts by one getter: V8 turns objects into slow dictionaries by a second", async () => {
  const contexts = [];
  for (let i = 0; i < 3; i++) {
    const auth = create();
    const context = createHandlerContext({
      service: EchoService,
      method: EchoService.method.publicUnary,
      protocolName: "connect",
      requestMethod: "POST",
      url: "https://example.com/",
    });
    await auth.requestGate(context);
    contexts.push(context);
  }
  // The gate watches each of them.
  for (const context of contexts) expect(() => ({ ...context })).toThrow("Internal error");
  const getters = contexts.map((context) =>
    Object.getOwnPropertySymbols(context).flatMap(
      (member) => Object.getOwnPropertyDescriptor(context, member)?.get ?? [],
    ),
  );
  expect(getters.map(({ length }) => length)).toEqual([1, 1, 1]);
  expect(new Set(getters.flat()).size).toBe(1);
});

test.each([undefined, null, own, [undefined], ["own"]])("withInterceptors(%j) is a TypeError", (given) => {
  expect(() => create().withInterceptors(given as never)).toThrow(/withInterceptors: expected a list of interceptors/);
});

describe("checkWiring", () => {
  const { echo } = counted();
  const check = (server: object, service?: Options, rpc?: Options) =>
    checkWiring({ ...server, routes: routesOf(echo, service, rpc) } as WiredServer);

  test.each(lost)("fails for $name, with the gate or without", async ({ server, service, rpc }) => {
    const { runs, echo } = counted();
    const auth = create();
    const routes = routesOf(echo, service, rpc);
    for (const gate of [{}, { requestGate: undefined as never }]) {
      const wired = { ...server(auth), ...gate, routes };
      await expect(checkWiring(wired)).rejects.toThrow(/lab\.v1\.EchoService\/Unary: reached without authorization/);
      await expect(checkWiring(wired)).rejects.toThrow(/lab\.v1\.EchoService\/BidiStream/);
    }
    expect(runs.count).toBe(0);
  });

  test.each(kept)("passes for $name", async ({ server, service }) => {
    const auth = create();
    const methods = await check(server(auth), service?.(auth));
    expect(methods).toHaveLength(8);
    expect(methods).toContain("lab.v1.EchoService/Unary");
  });

  const authentication = createAuthInterceptor({ verifyCredentials: (token) => callers[token] });
  const authorization = createProtoAuthzInterceptor({ policies });
  test("takes chains of the factories", async () => {
    expect(await check({ interceptors: [authentication, authorization] })).toHaveLength(8);
    await expect(check({ interceptors: [authentication] })).rejects.toThrow("8 of 8 methods");
    await expect(check({ interceptors: [authorization] }, { interceptors: [authentication] })).rejects.toThrow();
    await expect(check({})).rejects.toThrow("8 of 8 methods");
  });

  test("names the one method among many", async () => {
    const auth = create();
    const routes = (router: ConnectRouter) =>
      void router
        .service(AccessService, {})
        .rpc(EchoService.method.unary, () => ({}), { interceptors: [own] })
        .service(EchoService, {});
    await expect(checkWiring({ ...auth, routes })).rejects.toThrow(
      /^1 of 18 methods:\n {2}lab\.v1\.EchoService\/Unary: /,
    );
  });

  test("leaves out what is meant to be open, and nothing else", async () => {
    const auth = create();
    const routes = (router: ConnectRouter) =>
      void router
        .service(EchoService, {})
        .service(PlainService, {}, { interceptors: [own], requestGate: undefined as never });
    await expect(checkWiring({ ...auth, routes })).rejects.toThrow(/^2 of 10 methods:\n {2}lab\.v1\.PlainService\/Get/);
    expect(await checkWiring({ ...auth, routes }, { except: ["lab.v1.PlainService/*"] })).toHaveLength(10);
    await expect(checkWiring({ ...auth, routes }, { except: ["lab.v1.PlainService/Get"] })).rejects.toThrow(
      "PlainService/List",
    );
  });

  test("does not pass a method that something else refuses first", async () => {
    const keyed: Interceptor = (next) => (req) => {
      if (req.header.get("x-key") !== "k") throw new ConnectError("no key", Code.PermissionDenied);
      return next(req);
    };
    const auth = create();
    const server = { interceptors: [keyed, ...auth.interceptors], routes: routesOf(counted().echo) };
    await expect(checkWiring(server)).rejects.toThrow(/Unary: rejected before access control/);
    expect(await checkWiring(server, { headers: { "x-key": "k" } })).toHaveLength(8);
  });

  test("takes interceptors of ours that are wrapped, given headers of a caller", async () => {
    const wrap =
      (inner: Interceptor): Interceptor =>
      (next) => {
        const handle = inner(next);
        return async (req) => await handle(req);
      };
    const server = { interceptors: create().interceptors.map(wrap), routes: routesOf(counted().echo) };
    await expect(checkWiring(server)).rejects.toThrow("rejected before access control");
    expect(await checkWiring(server, { headers: as("right") })).toHaveLength(8);
  });

  test.each([
    { grpc: false, grpcWeb: false },
    { connect: false, grpcWeb: false },
    { connect: false, grpc: false },
  ])("speaks what the server speaks: %j", async (protocols) => {
    expect(await check({ ...create(), ...protocols })).toHaveLength(8);
    await expect(check({ ...create(), ...protocols }, { interceptors: [own], ...protocols })).rejects.toThrow("8 of 8");
  });

  test("refuses what it cannot check", async () => {
    await expect(checkWiring({ ...create(), routes: () => {} })).rejects.toThrow("registers no method");
    await expect(checkWiring(create() as never)).rejects.toThrow(TypeError);
    await expect(checkWiring({ ...create(), routes: () => {} }, { exept: [] } as never)).rejects.toThrow(
      /exept.*except/,
    );
    const routes = (router: ConnectRouter) => void router.service(EchoService, {}).handlers.push((() => {}) as never);
    await expect(checkWiring({ ...create(), routes })).rejects.toThrow("cannot be checked");
  });
});
