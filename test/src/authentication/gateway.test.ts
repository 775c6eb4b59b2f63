import { connect, type Socket } from "node:net";
import { type ContextValues, createContextValues, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  type AuthContext,
  authContextKey,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  type GatewayAuthInterceptorOptions,
  peerKey,
  recordPeer,
  setAuthHeaders,
} from "@connectum/auth";
import { createMockAuthContext } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { labRoutes } from "../support/lab.js";
import { callAs, missing, ok, outcome, refused, tryIt, withLab } from "./call.js";

const secret = "the-secret-of-the-gateway";
const trustSource = { header: "x-gateway-secret", secrets: secret };
const headerMapping = { subject: "x-user", name: "x-name", roles: "x-roles", scopes: "x-scopes", claims: "x-claims" };
const mapped = createGatewayAuthInterceptor({ headerMapping, trustSource });
const proof = { "x-gateway-secret": secret };

/** The caller that a handler sees. */
async function callerOf(interceptor: Interceptor, headers: HeadersInit) {
  let seen: AuthContext | undefined;
  const look: Interceptor = (next) => (req) => {
    seen = req.contextValues.get(authContextKey);
    return next(req);
  };
  const { text } = await tryIt([interceptor, look], headers);
  return seen ?? text;
}

describe("what a gateway says is taken as it is", () => {
  test.each([
    {
      name: "the subject alone",
      headers: { "x-user": "ada" },
      want: { subject: "ada", roles: [], scopes: [], type: "gateway" },
    },
    {
      name: "roles by commas",
      headers: { "x-user": "ada", "x-roles": "admin, editor" },
      want: { roles: ["admin", "editor"] },
    },
    { name: "roles as JSON", headers: { "x-user": "ada", "x-roles": '["a,b"]' }, want: { roles: ["a,b"] } },
    { name: "an empty list of roles", headers: { "x-user": "ada", "x-roles": "" }, want: { roles: [] } },
    {
      name: "scopes by spaces",
      headers: { "x-user": "ada", "x-scopes": "read write" },
      want: { scopes: ["read", "write"] },
    },
    {
      name: "scopes as JSON, with a space",
      headers: { "x-user": "ada", "x-scopes": '["read all"]' },
      want: { scopes: ["read all"] },
    },
    {
      name: "a name with a comma",
      headers: { "x-user": "ada", "x-name": "Lovelace, Ada" },
      want: { name: "Lovelace, Ada" },
    },
    { name: "claims", headers: { "x-user": "ada", "x-claims": '{"tenant":7}' }, want: { claims: { tenant: 7 } } },
    { name: "a subject with an encoding in it", headers: { "x-user": "%61dmin" }, want: { subject: "%61dmin" } },
  ])("$name", async ({ headers, want }) => {
    expect(await callerOf(mapped, { ...proof, ...headers })).toMatchObject(want);
  });
});

describe("what is malformed, or said twice, is refused and never reinterpreted", () => {
  test.each([
    ["a subject sent twice", { "x-user": "attacker, victim" }],
    ["an empty subject", { "x-user": "" }],
    ["roles that are broken JSON", { "x-user": "ada", "x-roles": '["admin"' }],
    ["roles that are a JSON string", { "x-user": "ada", "x-roles": '"admin"' }],
    ["roles that are a JSON object", { "x-user": "ada", "x-roles": '{"admin":true}' }],
    ["roles of mixed types", { "x-user": "ada", "x-roles": '["admin",1,null]' }],
    ["JSON roles sent twice", { "x-user": "ada", "x-roles": '["user"], ["admin"]' }],
    ["an empty role", { "x-user": "ada", "x-roles": "admin,,user" }],
    ["scopes sent twice", { "x-user": "ada", "x-scopes": "read, write" }],
    ["claims that are a list", { "x-user": "ada", "x-claims": "[1]" }],
    ["claims that are no JSON", { "x-user": "ada", "x-claims": "tenant=7" }],
    ["claims nested too deeply", { "x-user": "ada", "x-claims": `{"a":${"[".repeat(100)}${"]".repeat(100)}}` }],
    ["a subject that is too long", { "x-user": "a".repeat(8 * 1024 + 1) }],
    ["control characters", { "x-user": "ada\tadmin" }],
  ])("%s", async (_, headers) => {
    expect(await tryIt(mapped, { ...proof, ...headers })).toMatchObject(refused());
  });
});

describe("who may say it", () => {
  test.each([
    { name: "the gateway", headers: { ...proof, "x-user": "ada" }, want: ok() },
    { name: "a client without the secret", headers: { "x-user": "ada" }, want: refused() },
    {
      name: "a client with another secret",
      headers: { "x-gateway-secret": "guess", "x-user": "ada" },
      want: refused(),
    },
    {
      name: "a client with a longer secret",
      headers: { "x-gateway-secret": `${secret}x`, "x-user": "ada" },
      want: refused(),
    },
    {
      name: "a client with the beginning of the secret",
      headers: { "x-gateway-secret": secret.slice(0, -1), "x-user": "ada" },
      want: refused(),
    },
    {
      name: "the secret sent twice",
      headers: { "x-gateway-secret": `${secret}, ${secret}`, "x-user": "ada" },
      want: refused(),
    },
    { name: "an empty secret", headers: { "x-gateway-secret": "", "x-user": "ada" }, want: refused() },
    { name: "the gateway, for nobody", headers: proof, want: missing },
    { name: "the gateway, roles for nobody", headers: { ...proof, "x-roles": "admin" }, want: missing },
  ])("$name", async ({ headers, want }) => expect(await tryIt(mapped, headers)).toMatchObject(want));

  test("both secrets are good while one replaces the other", async () => {
    const rotating = createGatewayAuthInterceptor({
      headerMapping,
      trustSource: { header: "x-gateway-secret", secrets: ["the-secret-that-is-new", secret] },
    });
    for (const value of ["the-secret-that-is-new", secret]) {
      expect(await tryIt(rotating, { "x-gateway-secret": value, "x-user": "ada" })).toEqual(ok());
    }
    expect(await tryIt(rotating, { "x-gateway-secret": "the-secret-that-is-old", "x-user": "ada" })).toMatchObject(
      refused(),
    );
  });
});

describe("the address of the peer", () => {
  const byPeer = (peerAddresses: string[]) =>
    createGatewayAuthInterceptor({ headerMapping, trustSource: { peerAddresses } });
  const at = (address: string | undefined): ContextValues => recordPeer({ socket: { remoteAddress: address } });
  /** The gate-less pipeline, with context values as a server's hook makes them. */
  const tryAt = (interceptor: Interceptor, values: ContextValues, headers: HeadersInit) => {
    const withValues: Interceptor = (next) => (req) => next({ ...req, contextValues: values });
    return tryIt([withValues, interceptor], headers);
  };

  test.each([
    { rules: ["10.0.0.0/8"], address: "10.1.2.3", trusted: true },
    { rules: ["10.0.0.0/8"], address: "::ffff:10.1.2.3", trusted: true },
    { rules: ["10.0.0.0/8"], address: "::FFFF:10.1.2.3", trusted: true },
    { rules: ["10.0.0.0/8"], address: "11.0.0.1", trusted: false },
    { rules: ["10.0.0.0/8"], address: "::ffff:11.0.0.1", trusted: false },
    { rules: ["10.1.2.3"], address: "10.1.2.3", trusted: true },
    { rules: ["10.1.2.3"], address: "10.1.2.4", trusted: false },
    { rules: ["2001:db8::/32", "::1"], address: "2001:db8:1::1", trusted: true },
    { rules: ["2001:db8::/32", "::1"], address: "0:0:0:0:0:0:0:1", trusted: true },
    { rules: ["2001:db8::/32", "::1"], address: "2001:db9::1", trusted: false },
    { rules: ["127.0.0.0/8"], address: "0x7f.0.0.1", trusted: false },
    { rules: ["127.0.0.0/8"], address: "localhost", trusted: false },
    { rules: ["127.0.0.0/8"], address: "", trusted: false },
    { rules: ["127.0.0.0/8"], address: undefined, trusted: false },
    { rules: ["::/1"], address: "10.0.0.1", trusted: false },
  ])("$address by $rules: $trusted", async ({ rules, address, trusted }) => {
    const got = await tryAt(byPeer(rules), at(address), { "x-user": "ada" });
    expect(got).toMatchObject(trusted ? { code: "ok" } : refused());
  });

  test("over real connections, and never by a header", async () => {
    const wiring = { contextValues: recordPeer };
    await withLab({ ...wiring, interceptors: [byPeer(["127.0.0.0/8", "::1"])] }, async ({ transports }) => {
      for (const transport of [transports.grpc, transports["connect-h1"]]) {
        expect(await callAs(transport, "unary", { "x-user": "ada" })).toBe("ada");
      }
    });
    await withLab({ ...wiring, interceptors: [byPeer(["10.0.0.0/8"])] }, async ({ transports }) => {
      const forged = {
        "x-user": "ada",
        "x-forwarded-for": "10.0.0.1",
        "x-real-ip": "10.0.0.1",
        forwarded: "for=10.0.0.1",
      };
      expect(await outcome(callAs(transports.grpc, "unary", forged))).toMatchObject(refused());
    });
  });

  test("without the hook nobody is trusted, and the cause says what is missing", async () => {
    let cause: unknown;
    const outer: Interceptor = (next) => (req) =>
      next(req).catch((error) => {
        cause = error.cause;
        throw error;
      });
    expect(await tryIt([outer, byPeer(["127.0.0.1"])], { "x-user": "ada" })).toMatchObject(refused());
    expect(cause).toMatchObject({ message: expect.stringContaining("contextValues: recordPeer") });
  });

  test("recording never throws: an error in the hook would end the process", () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("the session is closed");
        },
      },
    );
    for (const request of [
      { socket: hostile },
      { socket: {} },
      Object.create(null),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("x");
          },
        },
      ),
    ]) {
      const peer = recordPeer(request).get(peerKey);
      expect([peer?.address, peer?.certificate()]).toEqual([undefined, undefined]);
    }
    const values = createContextValues();
    expect(recordPeer({ socket: { remoteAddress: "::1" } }, values)).toBe(values);
    expect(values.get(peerKey)?.address).toBe("::1");
  });

  test("a client certificate counts only where its chain was verified", () => {
    const certificate = { subject: { CN: "orders" }, fingerprint256: "AB:CD" };
    const socket = { authorized: true, getPeerCertificate: () => certificate };
    expect(recordPeer({ socket }).get(peerKey)?.certificate()).toBe(certificate);
    for (const other of [
      { ...socket, authorized: false },
      { ...socket, authorized: "yes" },
      { ...socket, getPeerCertificate: () => ({}) },
    ]) {
      expect(recordPeer({ socket: other }).get(peerKey)?.certificate()).toBeUndefined();
    }
  });

  test("a connection that goes away at once does not end the process", async () => {
    await withLab(
      { contextValues: recordPeer, interceptors: [byPeer(["127.0.0.1"])] },
      async ({ http1Url, transports }) => {
        const port = Number(new URL(http1Url).port);
        for (let i = 0; i < 20; i++) {
          const socket: Socket = connect(port, "127.0.0.1");
          socket.on("error", () => {});
          socket.write(
            "POST /lab.v1.EchoService/Unary HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-user: ada\r\n\r\n{}",
          );
          socket.resetAndDestroy();
        }
        expect(await callAs(transports.grpc, "unary", { "x-user": "ada" })).toBe("ada");
      },
    );
  });
});

test("the address in a header, for gateways that overwrite it", async () => {
  const byHeader = createGatewayAuthInterceptor({
    headerMapping,
    trustSource: { header: "x-real-ip", addresses: ["10.0.0.0/8"] },
  });
  expect(await tryIt(byHeader, { "x-user": "ada", "x-real-ip": "10.0.0.1" })).toEqual(ok());
  for (const address of ["11.0.0.1", "10.0.0.1, 11.0.0.1", "", "010.0.0.1", "10.0.0.1:80"]) {
    expect(await tryIt(byHeader, { "x-user": "ada", "x-real-ip": address })).toMatchObject(refused());
  }
});

describe("no identity header that a client sent reaches a handler", () => {
  const forged = {
    "x-auth-subject": "eve",
    "X-AUTH-ROLES": '["admin"]',
    "x-auth-anything-new": "1",
    "x-auth-": "1",
    "x-user": "eve",
    "x-roles": "admin",
    "x-gateway-secret": "guess",
  };
  const verifyCredentials = (token: string) => ({ subject: token });
  const headersSeen = async (
    options: Partial<GatewayAuthInterceptorOptions>,
    headers: HeadersInit,
    viaBearer = false,
  ) => {
    const seen: string[] = [];
    const look: Interceptor = (next) => (req) => {
      for (const name of req.header.keys()) if (/^x-(auth|user|roles|gateway)/.test(name)) seen.push(name);
      return next(req);
    };
    const interceptor = viaBearer
      ? createAuthInterceptor({ verifyCredentials, ...options })
      : createGatewayAuthInterceptor({ headerMapping, trustSource, ...options });
    const router = { interceptors: [interceptor, look] };
    const got = await outcome(callAs(createRouterTransport(labRoutes(router), { router }), "unary", headers));
    return { code: got.code, seen };
  };

  test("on a skipped method", async () => {
    expect(await headersSeen({ skipMethods: ["*"] }, forged)).toEqual({ code: "ok", seen: [] });
  });
  test("on an optional method", async () => {
    const { "x-user": _, ...rest } = forged;
    expect(await headersSeen({ optionalMethods: ["*"] }, rest)).toEqual({ code: "ok", seen: [] });
  });
  test("beside a good identity", async () => {
    expect(await headersSeen({}, { ...forged, ...proof, "x-user": "ada" })).toEqual({ code: "ok", seen: [] });
  });
  test("from a scheme that knows none of them", async () => {
    const bearer = { "x-auth-subject": "eve", "x-auth-new": "1", authorization: "Bearer ada" };
    expect(await headersSeen({}, bearer, true)).toEqual({ code: "ok", seen: [] });
  });
  test("and without any of this, they do: the lab hides nothing", async () => {
    const seen: string[] = [];
    const look: Interceptor = (next) => (req) => {
      seen.push(...req.header.keys());
      return next(req);
    };
    await tryIt(look, forged);
    expect(seen).toEqual(expect.arrayContaining(["x-auth-subject", "x-auth-roles", "x-user", "x-gateway-secret"]));
  });
});

test("without a mapping, the headers are those of setAuthHeaders", async () => {
  const hop = createGatewayAuthInterceptor({ trustSource });
  const identity = createMockAuthContext({
    subject: "ünïcode, 漢字",
    name: "Ada %",
    roles: ["a,b"],
    scopes: ["c d"],
    claims: { ß: 1 },
  });
  const headers = new Headers(proof);
  setAuthHeaders(headers, identity);
  expect(await callerOf(hop, headers)).toEqual(identity);
  for (const [name, value] of [
    ["x-auth-subject", "%61da"],
    ["x-auth-subject", "%zz"],
    ["x-auth-subject", "a b"],
    ["x-auth-subject", "ada, eve"],
    ["x-auth-subject", "%ED%A0%80"],
    ["x-auth-roles", '"admin"'],
    ["x-auth-claims", "[]"],
    ["x-auth-expires-at", "2099"],
    ["x-auth-expires-at", "never"],
  ] as const) {
    const wrong = new Headers(headers);
    wrong.set(name, value);
    expect(await tryIt(hop, wrong), `${name}: ${value}`).toMatchObject(refused());
  }
});

test("Node drops an Authorization header that is sent twice; the first counts, for everybody who looks", async () => {
  const interceptor = createAuthInterceptor({ verifyCredentials: (token) => ({ subject: token }) });
  await withLab({ interceptors: [interceptor] }, async ({ http1Url, transports }) => {
    expect(await callAs(transports["connect-h1"], "unary", { authorization: "Bearer ada" })).toBe("ada");
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(http1Url).port), "127.0.0.1");
      socket.on("error", reject).once("data", (data) => {
        resolve(String(data));
        socket.destroy();
      });
      socket.write(
        "POST /lab.v1.EchoService/Unary HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n" +
          "authorization: Bearer ada\r\nauthorization: Bearer eve\r\n\r\n{}",
      );
    });
    expect(answer).toContain('"subject":"ada"');
  });
});

test("where headers are joined, two credentials are refused", async () => {
  const interceptor = createAuthInterceptor({ verifyCredentials: (token) => ({ subject: token }) });
  const twice = new Headers();
  twice.append("authorization", "Bearer ada");
  twice.append("authorization", "Bearer eve");
  for (const headers of [
    twice,
    { authorization: "Bearer ada eve" },
    { authorization: "Basic x, Bearer ada" },
    { authorization: "Bearer" },
  ]) {
    expect(await tryIt(interceptor, headers)).toMatchObject(refused());
  }
  expect(await tryIt(interceptor, { authorization: "bEaReR ada" })).toEqual(ok());
  expect(await tryIt(interceptor, { authorization: "Basic YTpi" })).toMatchObject(missing);
});
