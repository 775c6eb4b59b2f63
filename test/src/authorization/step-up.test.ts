import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createAuth, type DecisionEvent, jwt, type ServicePolicy } from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, labRoutes, startLab } from "../support/lab.js";

const open = { access: "requires", roles: [], scopes: [] } as const;
const policies: readonly ServicePolicy[] = [
  {
    typeName: EchoService.typeName,
    methods: {
      Unary: { ...open, maxAgeSeconds: 300 },
      ServerStream: { ...open, acr: ["phr", "phrh"] },
      ClientStream: { ...open, maxAgeSeconds: 300 },
      BidiStream: { ...open, scopes: ["lab:write"], acr: ["phr"], maxAgeSeconds: 300 },
      InternalUnary: { ...open },
    },
  },
];
const authenticate = jwt({ secret: TEST_JWT_SECRET, audience: "lab" });
const seconds = () => Math.floor(Date.now() / 1_000);

interface Claims {
  readonly acr?: unknown;
  /** Seconds since the authentication. */
  readonly age?: number;
  readonly scope?: string;
}

async function as({ acr, age, scope }: Claims) {
  const claims = {
    ...(acr !== undefined && { acr }),
    ...(age !== undefined && { auth_time: seconds() - age }),
    ...(scope !== undefined && { scope }),
  };
  const token = await createTestJwt({ sub: "ada", ...claims }, { audience: "lab", expiresIn: 7_200 });
  return { headers: { authorization: `Bearer ${token}` } };
}

/** "ok", or the code and the challenge. */
async function answer(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    const { code, metadata } = ConnectError.from(error);
    return `${Code[code]} ${metadata.get("www-authenticate") ?? ""}`.trim();
  }
}

const refused = 'Unauthenticated Bearer error="insufficient_user_authentication"';

async function first(stream: AsyncIterable<unknown>): Promise<unknown> {
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
    const auth = createAuth({ policies, authenticate, onDecision: (event) => void events.push(event) });
    const wiring = mode === "with the gate" ? auth : { interceptors: auth.interceptors };
    lab = await startLab(wiring, labRoutes(wiring));
  });
  afterAll(() => lab.close());

  describe.each(["connect", "grpc", "grpc-web"] as const)("%s", (protocol) => {
    const client = () => createClient(EchoService, lab.transports[protocol]);

    test.each<[string, Claims, string]>([
      ["signed in now", { age: 0 }, "ok"],
      ["signed in 299 s ago", { age: 290 }, "ok"],
      ["signed in 301 s ago", { age: 301 }, refused],
      ["signed in at an unknown time", {}, refused],
      ["signed in in the future", { age: -3_600 }, refused],
      ["signed in by a clock that is a little ahead", { age: -30 }, "ok"],
    ])("max_age_seconds: %s", async (_, claims, want) => {
      expect(await answer(client().unary({}, await as(claims)))).toBe(want);
      expect(await answer(client().clientStream(one(), await as(claims)))).toBe(want);
    });

    test.each<[string, Claims, string]>([
      ["one of the values", { acr: "phrh" }, "ok"],
      ["another value", { acr: "pwd" }, refused],
      ["no value", {}, refused],
      ["a value in another case", { acr: "PHR" }, refused],
    ])("acr: %s", async (_, claims, want) => {
      expect(await answer(first(client().serverStream({}, await as(claims))))).toBe(want);
    });

    test("a missing scope is reported before the authentication", async () => {
      const both = { acr: "phr", age: 1 };
      const call = async (claims: Claims) => answer(first(client().bidiStream(one(), await as(claims))));
      expect(await call({ ...both, scope: "lab:write" })).toBe("ok");
      expect(await call({ ...both, acr: "pwd", scope: "lab:write" })).toBe(refused);
      expect(await call({ acr: "pwd" })).toBe('PermissionDenied Bearer error="insufficient_scope"');
    });

    test("a method that asks for nothing of it lets in everybody", async () => {
      expect(await answer(client().unary({}, await as({ age: 1 })))).toBe("ok");
    });
  });

  test("the audit names the reason", async () => {
    events.length = 0;
    await answer(createClient(EchoService, lab.transports.grpc).unary({}, await as({ age: 4_000 })));
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(events[0]).toMatchObject({
      effect: "deny",
      decidedBy: "table",
      reason: "insufficient-authentication",
      subject: "ada",
      scheme: "jwt",
    });
  });

  test.each([
    ["acr", { acr: 7 }],
    ["acr", { acr: ["phr"] }],
    ["auth_time", { auth_time: "1700000000" }],
    ["auth_time", { auth_time: {} }],
    ["auth_time", { auth_time: 1e18 }],
  ])("a malformed %s refuses the token: %o", async (_, claims) => {
    const token = await createTestJwt({ sub: "ada", ...claims }, { audience: "lab" });
    const headers = { authorization: `Bearer ${token}` };
    const call = createClient(EchoService, lab.transports.grpc).serverStream({}, { headers });
    expect(await answer(first(call))).toBe('Unauthenticated Bearer error="invalid_token"');
  });
});

test("the age is looked at again after a slow body: the gate's decision has become old", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const auth = createAuth({ policies, authenticate });
    const lab = await startLab(auth);
    const { headers } = await as({ age: 299 });
    let send = (_: Uint8Array) => {};
    let end = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (bytes) => controller.enqueue(bytes);
        end = () => controller.close();
      },
    });
    const call = fetch(`${lab.http1Url}/lab.v1.EchoService/Unary`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
      duplex: "half",
    } as RequestInit);
    send(new TextEncoder().encode("{"));
    // The gate has let the call in; its message is not there yet.
    await new Promise((resolve) => setTimeout(resolve, 100));
    vi.setSystemTime(Date.now() + 5_000);
    send(new TextEncoder().encode("}"));
    end();
    const response = await call;
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer error="insufficient_user_authentication"',
    ]);
    const fresh = await as({ age: 1 });
    expect(await answer(createClient(EchoService, lab.transports["connect-h1"]).unary({}, fresh))).toBe("ok");
    await lab.close();
  } finally {
    vi.useRealTimers();
  }
});

test("a clock that was set back does not make an old authentication recent", async () => {
  const auth = createAuth({ policies, authenticate });
  const lab = await startLab(auth);
  const options = await as({ age: 200 });
  const call = () => answer(createClient(EchoService, lab.transports.grpc).unary({}, options));
  expect(await call()).toBe("ok");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3_600_000 });
  try {
    expect(await call()).toBe(refused);
  } finally {
    vi.useRealTimers();
  }
  await lab.close();
});

test("with the option protectedResource the challenge says how to authenticate, as oauth4webapi reads it", async () => {
  const auth = createAuth({
    policies,
    authenticate,
    protectedResource: { url: "https://api.example.com", authorizationServers: ["https://login.example.com"] },
  });
  const lab = await startLab(auth);
  const { headers } = await as({ acr: "pwd", age: 1, scope: "lab:write" });
  const response = await fetch(`${lab.http1Url}/lab.v1.EchoService/Unary`, {
    method: "POST",
    headers: { ...(await as({ age: 999 })).headers, "content-type": "application/json" },
    body: "{}",
  });
  expect(response.headers.get("www-authenticate")).toBe(
    'Bearer error="insufficient_user_authentication", ' +
      'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource", max_age="300"',
  );
  const stream = createClient(EchoService, lab.transports.grpc).bidiStream(one(), { headers });
  const challenge = (await answer(first(stream))).replace(/^Unauthenticated /, "");
  const metadata = new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
  const [parsed] = await readChallenges(metadata);
  expect(parsed).toMatchObject({
    scheme: "bearer",
    parameters: {
      error: "insufficient_user_authentication",
      scope: "lab:write",
      acr_values: "phr",
      max_age: "300",
      resource_metadata: "https://api.example.com/.well-known/oauth-protected-resource",
    },
  });
  await lab.close();
});

/** The challenges of a response, as oauth4webapi reads them. */
async function readChallenges(response: Response): Promise<readonly oauth.WWWAuthenticateChallenge[]> {
  const server = { issuer: "https://login.example.com" };
  const client = { client_id: "shop" };
  const read = oauth.processUserInfoResponse(server, client, oauth.skipSubjectCheck, response);
  const error = await read.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  return (error as oauth.WWWAuthenticateChallengeError).cause;
}
