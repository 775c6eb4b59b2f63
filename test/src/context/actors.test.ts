import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  type AuthContext,
  type AuthContextInit,
  authContextKey,
  type CreateAuthOptions,
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  credentials,
  type DecisionEvent,
  gateway,
  jwt,
  parseAuthHeaders,
  setAuthHeaders,
} from "@connectum/auth";
import { createClientGatewayInterceptor } from "@connectum/auth/client";
import { introspection } from "@connectum/auth/introspection";
import { createMockAuthContext, createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Caller } from "../condition/callers.js";
import { compileConditions } from "../condition/compile-conditions.js";
import { requestDescs, requestSchema } from "../condition/requests.js";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { DocumentServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { describedBy } from "../introspection/described-by.js";
import { startTokenProvider, type TokenProvider } from "../servers/token-provider.js";
import { startInstance, TestStore } from "../store/instance.js";
import { withLab } from "../support/call.js";
import { protocols } from "../support/lab.js";
import { asCaller, jsonScheme, tenancyClients, tenancyRoutes } from "../support/tenancy.js";

/** A chain as in RFC 8693 section 4.1, figure 6, and what an identity has of it. */
const act = { sub: "https://service16.example.com", act: { sub: "https://service77.example.com" } };
const actor = { subject: "https://service16.example.com", actor: { subject: "https://service77.example.com" } };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const sign = async (claims: object) => bearer(await createTestJwt({ sub: "ada", aud: "lab", ...claims }));
const byJwt = () => jwt({ secret: TEST_JWT_SECRET, audience: "lab" });

/** The identities that the next interceptor sees. */
function witness(): { readonly seen: (AuthContext | undefined)[]; readonly interceptor: Interceptor } {
  const seen: (AuthContext | undefined)[] = [];
  return {
    seen,
    interceptor: (next) => (req) => {
      seen.push(req.contextValues.get(authContextKey));
      return next(req);
    },
  };
}

async function identityOf(options: Partial<CreateAuthOptions>, headers: HeadersInit): Promise<AuthContext | undefined> {
  const { seen, interceptor } = witness();
  const auth = createAuth({ policies: [EchoServicePolicy], ...options } as CreateAuthOptions);
  await withLab({ interceptors: [...auth.interceptors, interceptor] }, (lab) =>
    createClient(EchoService, lab.transports.router).unary({}, { headers }),
  );
  return seen[0];
}

/** A chain of this many actors. */
const chain = (length: number): object => ({ sub: `s${length}`, ...(length > 1 && { act: chain(length - 1) }) });

describe("the actor of a token", () => {
  test.each(protocols)("is in the identity, frozen with its chain: %s", async (protocol) => {
    const { seen, interceptor } = witness();
    const auth = createAuth({ policies: [EchoServicePolicy], authenticate: byJwt() });
    const headers = await sign({
      act: { ...act, iss: "https://login.example.com", exp: 1, aud: "other" },
      roles: ["user"],
    });
    await withLab({ interceptors: [...auth.interceptors, interceptor] }, (lab) =>
      createClient(EchoService, lab.transports[protocol]).unary({}, { headers }),
    );
    const [caller] = seen;
    expect(caller).toMatchObject({ subject: "ada", roles: ["user"] });
    expect(caller?.actor).toEqual({ ...actor, issuer: "https://login.example.com" });
    expect([caller?.actor, caller?.actor?.actor].every(Object.isFrozen)).toBe(true);
  });

  test.each([
    ["no claim", {}],
    ["null", { act: null }],
  ])("is absent with %s", async (_, claims) => {
    const caller = await identityOf({ authenticate: byJwt() }, await sign(claims));
    expect(caller?.subject).toBe("ada");
    expect(Object.hasOwn(caller as object, "actor")).toBe(false);
  });

  test("is read where claimsMapping says", async () => {
    const authenticate = jwt({ secret: TEST_JWT_SECRET, audience: "lab", claimsMapping: { actor: "delegation.by" } });
    const caller = await identityOf({ authenticate }, await sign({ act: "login", delegation: { by: act } }));
    expect(caller?.actor).toEqual(actor);
  });

  test("of a token that its issuer describes", async () => {
    const token = await provider.issueUserToken("ada");
    provider.behave("well", (claims) => ({ ...claims, act }));
    const authenticate = introspection(describedBy(provider));
    expect((await identityOf({ authenticate }, bearer(token)))?.actor).toEqual(actor);
    provider.behave("well");
  });

  test.each<[string, unknown]>([
    ["a text", "service"],
    ["a list", [act]],
    ["a number", 1],
    ["false", false],
    ["no subject", { iss: "https://login.example.com" }],
    ["an empty subject", { sub: "" }],
    ["a subject that is no text", { sub: ["a"] }],
    ["half a character as subject", { sub: "\ud800" }],
    ["an issuer that is no text", { sub: "a", iss: 1 }],
    ["an empty issuer", { sub: "a", iss: "" }],
    ["a malformed actor before", { sub: "a", act: "b" }],
    ["an actor before without subject", { sub: "a", act: { act: { sub: "c" } } }],
    ["eleven actors", chain(11)],
    ["a thousand actors", chain(1_000)],
    ["a subject that is inherited", JSON.parse('{"__proto__":{"sub":"a"}}')],
  ])("rejects the token if malformed: %s", async (_, wrong) => {
    const { call } = startInstance({ authenticate: byJwt() });
    const tokenOf = async (claims: object) => (await sign(claims)).authorization.slice("Bearer ".length);
    expect(await call(await tokenOf({ act: wrong }))).toBe("Unauthenticated");
    expect(await call(await tokenOf({ act }))).toBe("ada");
    expect(await call(await tokenOf({ act: chain(10) }))).toBe("ada");
  });
});

let provider: TokenProvider;
beforeAll(async () => {
  provider = await startTokenProvider();
});
afterAll(() => provider.stop());

describe("the actor of an identity of one's own", () => {
  const byKey = (given: unknown) =>
    credentials({ verifyCredentials: (subject) => ({ subject, actor: given as AuthContext["actor"] }) });

  test("is in the identity, and in the claim act, which conditions read", async () => {
    const caller = await identityOf({ authenticate: byKey({ ...actor, email: "x" }) }, bearer("ada"));
    expect(caller?.actor).toEqual(actor);
    expect(caller?.claims).toEqual({ act });
    expect([caller?.claims, caller?.claims["act"]].every(Object.isFrozen)).toBe(true);
  });

  test.each([undefined, null])("is absent: %s", async (given) => {
    const caller = await identityOf({ authenticate: byKey(given) }, bearer("ada"));
    expect([caller?.subject, caller?.actor, caller?.claims]).toEqual(["ada", undefined, {}]);
  });

  test.each(["", "bot", {}, [], { subject: "" }, { subject: 1 }, { sub: "bot" }, { subject: "a", issuer: "" }])(
    "malformed, it rejects the credential: %j",
    async (given) => {
      const instance = startInstance({ authenticate: byKey(given) });
      expect(await instance.call("ada")).toBe("Unauthenticated");
      expect(() => createMockAuthContext({ actor: given as never })).toThrow(/^actor/);
    },
  );

  test("a cycle is refused, not followed", () => {
    const cycle: { subject: string; actor?: object } = { subject: "a" };
    cycle.actor = cycle;
    expect(() => createMockAuthContext({ actor: cycle as never })).toThrow(/more than 10 actors/);
  });
});

describe("between services", () => {
  test("headers carry the whole chain, and it is the same behind", () => {
    const context = createMockAuthContext({ subject: "ada", actor: { ...actor, issuer: "https://läsa.example.com" } });
    const headers = new Headers();
    setAuthHeaders(headers, context, []);
    expect(headers.get("x-auth-actor")).toBe(
      '{"sub":"https://service16.example.com","iss":"https://l\\u00e4sa.example.com","act":{"sub":"https://service77.example.com"}}',
    );
    expect(parseAuthHeaders(headers)?.actor).toEqual(context.actor);
    setAuthHeaders(headers, createMockAuthContext({ subject: "bob" }));
    expect(headers.has("x-auth-actor")).toBe(false);
  });

  test("an actor that does not fit is an error, and nothing is sent", () => {
    const headers = new Headers({ "x-auth-subject": "before" });
    const big = createMockAuthContext({ actor: { subject: "x".repeat(9_000) } });
    expect(() => setAuthHeaders(headers, big, [])).toThrow(/^actor: 90\d\d bytes as x-auth-actor/);
    expect([...headers]).toEqual([["x-auth-subject", "before"]]);
  });

  test.each(["bot", "[]", "{}", "null", '"bot"', '{"sub":""}', '{"subject":"bot"}', '{"sub":"a"},{"sub":"b"}', "{"])(
    "a malformed header is refused: %s",
    (value) => {
      const headers = new Headers({ "x-auth-subject": "ada", "x-auth-actor": value });
      expect(() => parseAuthHeaders(headers)).toThrow("x-auth-actor: malformed");
      headers.set("x-auth-actor", '{"sub":"bot"}');
      expect(parseAuthHeaders(headers)?.actor).toEqual({ subject: "bot" });
    },
  );

  test("a service behind another sees the actor; a client cannot name one", async () => {
    const secrets = "the-secret-of-the-gateway";
    const behind = createGatewayAuthInterceptor({ trustSource: { header: "x-gateway-secret", secrets } });
    const { seen, interceptor } = witness();
    const forged = { "x-auth-actor": '{"sub":"evil"}' };
    await withLab({ interceptors: [behind, interceptor] }, async (lab) => {
      for (const sent of [actor, undefined]) {
        const identity = createMockAuthContext({ subject: "ada", actor: sent });
        const interceptors = [createClientGatewayInterceptor({ identity, secret: secrets })];
        const transport = createGrpcTransport({ baseUrl: lab.http2Url, interceptors });
        await createClient(EchoService, transport).unary({}, { headers: forged });
        expect([seen.at(-1)?.subject, seen.at(-1)?.actor]).toEqual(["ada", sent]);
      }
    });
    const received: (string | null)[] = [];
    const handler: Interceptor = (next) => (req) => {
      received.push(req.header.get("x-auth-actor"));
      return next(req);
    };
    const interceptors = [createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) }), handler];
    await withLab({ interceptors }, async (lab) => {
      const echo = createClient(EchoService, lab.transports.connect);
      await echo.unary({}, { headers: { ...bearer("ada"), ...forged } });
    });
    expect(received).toEqual([null]);
  });

  test("propagateHeaders writes it", async () => {
    const written: (string | null)[] = [];
    const auth = createAuth({ policies: [EchoServicePolicy], authenticate: byJwt(), propagateHeaders: true });
    const handler: Interceptor = (next) => (req) => {
      written.push(req.header.get("x-auth-actor"), req.header.get("x-auth-claims"));
      return next(req);
    };
    const headers = await sign({ act });
    await withLab({ interceptors: [...auth.interceptors, handler] }, (lab) =>
      createClient(EchoService, lab.transports.router).unary({}, { headers }),
    );
    expect(written).toEqual([JSON.stringify(act), null]);
  });

  describe("a gateway with a mapping", () => {
    const trustSource = { header: "x-secret", secrets: "the-secret-of-the-gateway" };
    const authenticate = gateway({ headerMapping: { subject: "x-user", actor: "x-actor" }, trustSource });
    const headers = { "x-secret": "the-secret-of-the-gateway", "x-user": "ada" };

    test("writes the claim act as JSON", async () => {
      const caller = await identityOf({ authenticate }, { ...headers, "x-actor": JSON.stringify(act) });
      expect([caller?.actor, caller?.claims]).toEqual([actor, { act }]);
      expect((await identityOf({ authenticate }, headers))?.actor).toBeUndefined();
    });

    test.each(["", "bot", "null", "[]", "{}", '{"sub":"a"}, {"sub":"b"}'])(
      "malformed is refused: %j",
      async (value) => {
        await expect(identityOf({ authenticate }, { ...headers, "x-actor": value })).rejects.toThrow(
          "Invalid credentials",
        );
      },
    );
  });
});

test("an entry of a store keeps the actor", async () => {
  const store = new TestStore();
  const headers = await sign({ act });
  const authenticate = () => jwt({ secret: TEST_JWT_SECRET, audience: "lab", cache: { store } });
  expect((await identityOf({ authenticate: authenticate() }, headers))?.actor).toEqual(actor);
  const reads = store.reads;
  const second = await identityOf({ authenticate: authenticate() }, headers);
  expect(second?.actor).toEqual(actor);
  expect(Object.isFrozen(second?.actor)).toBe(true);
  expect(store.reads).toBe(reads + 1);
  // A changed entry is verified again, not repaired.
  for (const [key, text] of store.entries)
    store.entries.set(key, text.replaceAll('"subject":"https', '"subject":1,"x":"https'));
  expect((await identityOf({ authenticate: authenticate() }, headers))?.actor).toEqual(actor);
});

test("an audit event names the actor, and the decision is the subject's", async () => {
  const events: DecisionEvent[] = [];
  const onDecision = (event: DecisionEvent) => void events.push(event);
  const instance = startInstance({ authenticate: byJwt(), onDecision, decisionEvents: "all" });
  for (const claims of [{ act }, {}]) {
    const token = (await sign(claims)).authorization.slice("Bearer ".length);
    expect(await instance.call(token)).toBe("ada");
  }
  await vi.waitFor(() => expect(events).toHaveLength(2));
  expect(events.map(({ subject, actor }) => [subject, actor])).toEqual([
    ["ada", actor],
    ["ada", undefined],
  ]);
});

test("a function in grants sees the actor, and its answer for one is not that for another", async () => {
  const grants = async ({ actor }: AuthContext) => (actor === undefined ? ["docs.read"] : []);
  const policies = [DocumentServicePolicy];
  const auth = createAuth({ policies, authenticate: jsonScheme, grants: grants as never });
  const { documents } = tenancyClients(
    createRouterTransport(tenancyRoutes({ texts: [] }), { router: { interceptors: auth.interceptors } }),
  );
  const read = (init: Partial<AuthContextInit>) =>
    documents.read({}, { headers: asCaller({ subject: "ada", ...init }) }).then(
      () => "ok",
      (error) => Code[ConnectError.from(error).code],
    );
  for (const [init, want] of [
    [{}, "ok"],
    [{ actor }, "PermissionDenied"],
    // The claim is another one, so that the actor alone differs.
    [{ claims: { act: "login" } }, "ok"],
    [{ actor, claims: { act: "login" } }, "PermissionDenied"],
    [{}, "ok"],
  ] as const) {
    expect([init, await read(init)]).toEqual([init, want]);
  }
});

describe("a condition", () => {
  const conditions = [
    "!has(caller.claims.act)",
    '!has(caller.claims.act) || caller.claims.act.sub == "https://service16.example.com"',
  ];
  const [none, known] = compileConditions(
    requestSchema,
    "random.v1",
    conditions.map((text) => ({ text, request: requestDescs[0] as (typeof requestDescs)[number] })),
  );
  const holds = (compiled: typeof none, context: AuthContext): boolean => {
    if (compiled === undefined || "refused" in compiled) throw new Error(compiled?.refused ?? "");
    const caller = { ...context, roles: new Set(), scopes: new Set(), permissions: new Set(), internal: false };
    return compiled.holds(caller as unknown as Caller, {} as never, { seconds: 0n, nanos: 0 });
  };

  test.each<{ name: string; init: Partial<AuthContext>; want: [boolean, boolean] }>([
    { name: "no actor", init: {}, want: [true, true] },
    { name: "the known actor", init: { actor }, want: [false, true] },
    { name: "another actor", init: { actor: { subject: "evil" } }, want: [false, false] },
    { name: "the known one before another", init: { actor: { subject: "evil", actor } }, want: [false, false] },
    { name: "an actor beside an empty claim", init: { actor, claims: { act: null } }, want: [false, true] },
  ])("forbids delegation, or allows it to one actor: $name", ({ init, want }) => {
    const context = createMockAuthContext(init);
    expect([holds(none, context), holds(known, context)]).toEqual(want);
  });
});
