import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  type AuthScheme,
  authContextKey,
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createProtoAuthzInterceptor,
  credentials,
  type DecisionEvent,
  jwt,
  type ServicePolicy,
  session,
  sharedSecretTrust,
} from "@connectum/auth";
import { can } from "@connectum/auth/policy";
import { createMockAuthContext, createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { Keyv } from "keyv";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, labRoutes, startLab } from "../support/lab.js";

const none = { roles: [], scopes: [] } as const;
const table = (methods: ServicePolicy["methods"]): readonly ServicePolicy[] => [
  { typeName: EchoService.typeName, methods },
];
const policies = table({
  Unary: { access: "requires", ...none, credentials: ["session"] },
  ServerStream: { access: "requires", ...none, roles: ["admin"], credentials: ["jwt", "session"] },
  ClientStream: { access: "allow", credentials: ["api-key"] },
  BidiStream: { access: "unspecified", credentials: ["jwt"] },
  PublicUnary: { access: "requires", ...none },
  PublicServerStream: { access: "public" },
  InternalUnary: { access: "internal", ...none, credentials: ["internal"] },
});
const schemes: readonly AuthScheme[] = [
  credentials({
    name: "api-key",
    extractCredentials: (header) => header.get("x-api-key"),
    // The type is a word of the identity: it opens nothing.
    verifyCredentials: (key) => ({ subject: key, roles: ["admin"], type: "session" }),
  }),
  jwt({ secret: TEST_JWT_SECRET, audience: "lab" }),
  session({
    cookie: "sid",
    bearer: false,
    verifySession: (id) => ({ id }),
    mapSession: ({ id }) => ({ subject: id as string }),
  }),
];
const secret = "the-secret-of-billing-which-nobody-guesses";
const internal = sharedSecretTrust({ callers: { billing: secret } });
const rules = [{ name: "all", methods: ["lab.v1.EchoService/*"], effect: "allow" }] as const;

const bearer = async (claims = {}) => ({
  authorization: `Bearer ${await createTestJwt({ sub: "token-user", ...claims }, { audience: "lab" })}`,
});
const apiKey = { "x-api-key": "key-user" };
const cookie = { cookie: "sid=session-user" };

/** The subject, or the code and the challenge. */
async function answer(call: Promise<{ subject: string } | undefined>): Promise<string> {
  try {
    return (await call)?.subject ?? "nothing";
  } catch (error) {
    const { code, metadata } = ConnectError.from(error);
    return `${Code[code]} ${metadata.get("www-authenticate") ?? ""}`.trim();
  }
}

async function first<T>(stream: AsyncIterable<T>): Promise<T | undefined> {
  for await (const message of stream) return message;
  return undefined;
}

async function* one() {
  yield { text: "a" };
}

describe.each(["with the gate", "without the gate"])("%s", (mode) => {
  let lab: Lab;
  const events: DecisionEvent[] = [];
  beforeAll(async () => {
    const onDecision = (event: DecisionEvent) => void events.push(event);
    const auth = createAuth({ policies, authenticate: schemes, internal, rules, onDecision });
    const wiring = mode === "with the gate" ? auth : { interceptors: auth.interceptors };
    lab = await startLab(wiring, labRoutes(wiring));
  });
  afterAll(() => lab.close());

  describe.each(["connect", "grpc", "grpc-web"] as const)("%s", (protocol) => {
    const client = () => createClient(EchoService, lab.transports[protocol]);

    test("a method of sessions takes a session", async () => {
      const call = (headers: object) => answer(client().unary({}, { headers: headers as Record<string, string> }));
      expect(await call(cookie)).toBe("session-user");
      expect(await call(apiKey)).toBe("Unauthenticated");
      expect(await call(await bearer())).toBe("Unauthenticated");
      expect(await call({ ...apiKey, ...cookie })).toBe("session-user");
    });

    test("a method of tokens and sessions takes both, and asks for the role", async () => {
      const call = (headers: object) => answer(first(client().serverStream({}, { headers: headers as never })));
      expect(await call(await bearer({ roles: ["admin"] }))).toBe("token-user");
      expect(await call(await bearer())).toBe("PermissionDenied");
      expect(await call(cookie)).toBe("PermissionDenied");
      expect(await call(apiKey)).toBe("Unauthenticated Bearer");
    });

    test("`policy: allow` with a kind needs a credential of it", async () => {
      const call = (headers: object) => answer(client().clientStream(one(), { headers: headers as never }));
      expect(await call(apiKey)).toBe("key-user");
      expect(await call(cookie)).toBe("Unauthenticated");
      expect(await call({})).toBe("Unauthenticated");
    });

    test("rules of the server do not open a method to another kind", async () => {
      const call = (headers: object) => answer(first(client().bidiStream(one(), { headers: headers as never })));
      expect(await call(await bearer())).toBe("token-user");
      expect(await call(apiKey)).toBe("Unauthenticated Bearer");
      expect(await call(cookie)).toBe("Unauthenticated Bearer");
    });

    test("a method that names no kind takes all", async () => {
      const call = (headers: object) => answer(client().publicUnary({}, { headers: headers as never }));
      expect(await call(apiKey)).toBe("key-user");
      expect(await call(cookie)).toBe("session-user");
      expect(await call(await bearer())).toBe("token-user");
    });

    test("an internal method takes a kind of the internal schemes", async () => {
      const call = (headers: object) => answer(client().internalUnary({}, { headers: headers as never }));
      expect(await call({ "x-internal-secret": secret })).toBe("billing");
      expect(await call(cookie)).toBe("Unauthenticated");
    });
  });

  test("the audit names the scheme", async () => {
    events.length = 0;
    await createClient(EchoService, lab.transports.grpc).publicUnary({}, { headers: apiKey });
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(events[0]).toMatchObject({ scheme: "api-key", effect: "allow" });
  });
});

describe("interceptors without createAuth", () => {
  test("refuse by the scheme that authenticated, whatever the identity says of itself", async () => {
    const verifyCredentials = (key: string) => ({ subject: key, type: "session" });
    const asKind = (name: string) => createAuthInterceptor({ name, verifyCredentials });
    for (const [name, want] of [
      ["api-key", "Unauthenticated Bearer"],
      ["session", "ada"],
    ] as const) {
      const lab = await startLab({ interceptors: [asKind(name), createProtoAuthzInterceptor({ policies })] });
      const client = createClient(EchoService, lab.transports.grpc);
      expect(await answer(client.unary({}, { headers: { authorization: "Bearer ada" } }))).toBe(want);
      await lab.close();
    }
  });

  test("refuse an identity that headers of a gateway call a session", async () => {
    const gateway = createGatewayAuthInterceptor({ trustSource: { header: "x-gateway-secret", secrets: secret } });
    const tables = table({ Unary: { access: "allow", credentials: ["session"] } });
    const lab = await startLab({ interceptors: [gateway, createProtoAuthzInterceptor({ policies: tables })] });
    const headers = { "x-gateway-secret": secret, "x-auth-subject": "ada", "x-auth-type": "session" };
    const client = createClient(EchoService, lab.transports.grpc);
    expect(await answer(client.unary({}, { headers }))).toBe("Unauthenticated");
    await lab.close();
    const named = table({ Unary: { access: "allow", credentials: ["gateway"] } });
    const twin = await startLab({ interceptors: [gateway, createProtoAuthzInterceptor({ policies: named })] });
    expect(await answer(createClient(EchoService, twin.transports.grpc).unary({}, { headers }))).toBe("ada");
    await twin.close();
  });
});

test("the kind is that of the scheme for an entry of a shared store, too", async () => {
  const store = new Keyv<string>();
  const cached = (name: string) =>
    credentials({ name, verifyCredentials: (key) => ({ subject: key }), cache: { store, namespace: "a" } });
  const tables = table({ Unary: { access: "allow", credentials: ["key"] } });
  for (let i = 0; i < 2; i++) {
    const lab = await startLab(createAuth({ policies: tables, authenticate: cached("key") }));
    const options = { headers: { authorization: "Bearer ada" } };
    expect(await answer(createClient(EchoService, lab.transports.grpc).unary({}, options))).toBe("ada");
    await lab.close();
  }
});

describe("creation", () => {
  const create = (methods: ServicePolicy["methods"], internalToo = false) =>
    createAuth({ policies: table(methods), authenticate: schemes, ...(internalToo && { internal }) });

  test.each<[string, ServicePolicy["methods"], string]>([
    [
      "a misspelled name",
      { Unary: { access: "requires", ...none, credentials: ["sesion"] } },
      'lab.v1.EchoService/Unary: credentials: no scheme is named "sesion": authenticate has "api-key", "jwt", "session"; did you mean "session"?',
    ],
    [
      "a kind of users for an internal method",
      { InternalUnary: { access: "internal", ...none, credentials: ["jwt"] } },
      'lab.v1.EchoService/InternalUnary: credentials: no scheme is named "jwt": internal has no scheme',
    ],
    [
      "one unknown name among known ones",
      { Unary: { access: "allow", credentials: ["jwt", "passkey"] } },
      'lab.v1.EchoService/Unary: credentials: no scheme is named "passkey": authenticate has "api-key", "jwt", "session"',
    ],
  ])("refuses %s", (_, methods, message) => {
    expect(() => create(methods)).toThrow(new TypeError(message));
  });

  test("accepts the names of its schemes", () => {
    expect(() =>
      create(
        {
          Unary: { access: "allow", credentials: ["jwt", "session"] },
          InternalUnary: { access: "internal", ...none, credentials: ["internal"] },
        },
        true,
      ),
    ).not.toThrow();
  });

  test.each<[string, object]>([
    ["an empty list", { access: "allow", credentials: [] }],
    ["a text", { access: "allow", credentials: "jwt" }],
    ["kinds on a public method", { access: "public", credentials: ["jwt"] }],
    ["kinds on a denied method", { access: "deny", credentials: ["jwt"] }],
    ["an empty list of acr", { access: "requires", ...none, acr: [] }],
    ["acr on an allowed method", { access: "allow", acr: ["phr"] }],
    ["an age of 0", { access: "requires", ...none, maxAgeSeconds: 0 }],
    ["a fraction of a second", { access: "requires", ...none, maxAgeSeconds: 0.5 }],
    ["an age as text", { access: "requires", ...none, maxAgeSeconds: "300" }],
  ])("refuses a row with %s", (_, row) => {
    expect(() => create({ Unary: row as never })).toThrow("lab.v1.EchoService/Unary: not a row");
  });
});

test("can() decides by the scheme, else by the type", () => {
  const [policy] = policies as [ServicePolicy];
  expect(can(policy, "Unary", { scheme: "session" })).toBe(true);
  expect(can(policy, "Unary", { scheme: "api-key", type: "session" })).toBe(false);
  expect(can(policy, "Unary", { type: "session" })).toBe(true);
  expect(can(policy, "Unary", {})).toBe(false);
  expect(can(policy, "ClientStream", undefined)).toBe(false);
  expect(can(policy, "ClientStream", createMockAuthContext({ type: "api-key" }))).toBe(true);
});

test("an identity that other code established has no scheme, whatever its type says", async () => {
  const establish: Interceptor = (next) => (req) => {
    const identity = { subject: "ada", roles: [], scopes: [], permissions: [], claims: {}, type: "session" };
    req.contextValues.set(authContextKey, identity);
    return next(req);
  };
  const router = { interceptors: [establish, createProtoAuthzInterceptor({ policies })] };
  const echo = createClient(EchoService, createRouterTransport(labRoutes(router), { router }));
  await expect(echo.unary({})).rejects.toThrow("Missing credentials");
  expect(await echo.publicUnary({})).toMatchObject({});
});
