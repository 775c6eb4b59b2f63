import { connect, type Socket } from "node:net";
import { type ContextValues, createContextValues, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  peerKey,
  recordPeer,
  setAuthHeaders,
} from "@connectum/auth";
import { createMockAuthContext } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { callAs, missing, ok, outcome, refused, tryIt, withLab } from "../support/call.js";
import { labRoutes } from "../support/lab.js";
import { causeOf, witness } from "../support/witness.js";

const secret = "the-secret-of-the-gateway";
const trustSource = { header: "x-gateway-secret", secrets: secret };
const headerMapping = { subject: "x-user", name: "x-name", roles: "x-roles", scopes: "x-scopes", claims: "x-claims" };
const mapped = createGatewayAuthInterceptor({ headerMapping, trustSource });
const proof = { "x-gateway-secret": secret };

/** The caller that a handler sees, or the text of the refusal. */
async function callerOf(interceptor: Interceptor, headers: HeadersInit) {
  const { caller, got } = await witness(interceptor, headers);
  return caller ?? got.text;
}

describe("what a gateway says is taken as it is", () => {
  test.each([
    {
      name: "the subject alone",
      headers: { "x-user": "ada" },
      want: { subject: "ada", roles: [], scopes: [], permissions: [], type: "gateway" },
    },
    {
      name: "roles by commas",
      headers: { "x-user": "ada", "x-roles": "admin,editor" },
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
      headers: { "x-user": "ada", "x-name": "Lovelace,Ada" },
      want: { name: "Lovelace,Ada" },
    },
    {
      name: "roles by commas, with spaces before",
      headers: { "x-user": "ada", "x-roles": "a,b  ,c d" },
      want: { roles: ["a", "b", "c d"] },
    },
    {
      name: "scopes by several spaces",
      headers: { "x-user": "ada", "x-scopes": "read   write" },
      want: { scopes: ["read", "write"] },
    },
    {
      name: "a scope with a comma in it",
      headers: { "x-user": "ada", "x-scopes": "a,b c" },
      want: { scopes: ["a,b", "c"] },
    },
    {
      name: "a role that is no JSON, with its signs inside",
      headers: { "x-user": "ada", "x-roles": 'a["{b' },
      want: { roles: ['a["{b'] },
    },
    { name: "an empty list of roles as JSON", headers: { "x-user": "ada", "x-roles": "[]" }, want: { roles: [] } },
    { name: "an empty name", headers: { "x-user": "ada", "x-name": "" }, want: { subject: "ada" } },
    { name: "a subject with a comma in it", headers: { "x-user": "cn=ada,ou=x" }, want: { subject: "cn=ada,ou=x" } },
    {
      name: "the longest subject",
      headers: { "x-user": "a".repeat(8 * 1024) },
      want: { subject: "a".repeat(8 * 1024) },
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
    ["claims that are a JSON string", { "x-user": "ada", "x-claims": '"tenant"' }],
    ["claims that are null", { "x-user": "ada", "x-claims": "null" }],
    ["empty claims", { "x-user": "ada", "x-claims": "" }],
    ["an empty role in JSON", { "x-user": "ada", "x-roles": '["admin",""]' }],
    ["JSON behind a no-break space", { "x-user": "ada", "x-roles": '\u00a0["admin"]' }],
    ["a comma at the end of a scope", { "x-user": "ada", "x-scopes": "read," }],
    ["a subject that is too long", { "x-user": "a".repeat(8 * 1024 + 1) }],
    ["roles that are too long", { "x-user": "ada", "x-roles": "a".repeat(8 * 1024 + 1) }],
    ["control characters", { "x-user": "ada\tadmin" }],
  ])("%s", async (_, headers) => {
    expect(await tryIt(mapped, { ...proof, ...headers })).toMatchObject(refused());
  });
});

test("the cause names the header, and the field where it is an identity's", async () => {
  expect(await causeOf(mapped, { ...proof, "x-user": "ada", "x-roles": "[" })).toBe("x-roles: malformed");
  expect(await causeOf(mapped, { ...proof, "x-user": "a, b" })).toBe(
    'x-user: malformed, or sent twice; contextValues: recordPeer tells two headers from one with ", " in it',
  );
  expect(await causeOf(mapped, { ...proof, "x-user": "\u00e9" })).toBe(
    'x-user: malformed: expected at most 8192 characters of ascii; headerMapping.encoding: "utf-8" allows more',
  );
  expect(await causeOf(mapped, { ...proof, "x-user": "" })).toBe("x-user: malformed");
  expect(await causeOf(mapped, { ...proof, "x-user": "ada", "x-scopes": "read," })).toMatch(
    /^x-scopes: malformed, or sent twice;/,
  );
  expect(await causeOf(mapped, { ...proof, "x-user": "ada", "x-claims": "null" })).toBe("x-claims: malformed");
  expect(await causeOf(mapped, { ...proof, "x-user": "ada", "x-claims": "[]" })).toBe("claims: expected an object");
  expect(await causeOf(mapped, { "x-user": "ada" })).toBe("identity headers without proof of the gateway");
});

test("the kind of credential is `gateway`, or the name", async () => {
  const named = createGatewayAuthInterceptor({ headerMapping, trustSource, name: "edge" });
  expect(await callerOf(mapped, { ...proof, "x-user": "ada" })).toMatchObject({ type: "gateway" });
  expect(await callerOf(named, { ...proof, "x-user": "ada" })).toMatchObject({ type: "edge" });
});

test("a mapping without a field does not read it, whatever it may be called", async () => {
  const bare = createGatewayAuthInterceptor({ headerMapping: { subject: "X-User" }, trustSource });
  const headers = { ...proof, "x-user": "ada", "x-roles": "[", roles: "admin", undefined: "[" };
  expect(await callerOf(bare, headers)).toEqual({
    subject: "ada",
    roles: [],
    scopes: [],
    permissions: [],
    claims: {},
    type: "gateway",
  });
});

describe("another layout", () => {
  const create = (more: object) => () => createGatewayAuthInterceptor({ trustSource, ...more } as never);

  test.each<[string, string[]]>([
    ["a|b c|d,e", ["a", "b c", "d,e"]],
    ["a| b", ["a", " b"]],
    ['["a"]|b', ['["a"]', "b"]],
    ["", []],
  ])("roles by bars: %j", async (value, roles) => {
    const interceptor = create({
      headerMapping: { subject: "x-user", roles: { header: "x-roles", separator: "|" } },
    })();
    expect(await callerOf(interceptor, { ...proof, "x-user": "ada", "x-roles": value })).toMatchObject({ roles });
  });

  test.each<[mapping: object, message: string]>([
    [
      { roles: { header: "x-roles" } },
      'headerMapping.roles.separator: expected "," or "|" or ";" or " ", got undefined',
    ],
    [
      { roles: { header: "x-roles", separator: "" } },
      'headerMapping.roles.separator: expected "," or "|" or ";" or " "',
    ],
    [{ roles: { separator: "|" } }, "headerMapping.roles: expected the name of a header, got undefined"],
    [{ roles: { header: "x-user", separator: "|" } }, "headerMapping: two fields are read from one header"],
    [{ roles: { header: "x-roles", separator: "|", sep: 1 } }, "sep: unknown option of headerMapping.roles"],
    [{ roles: undefined }, "headerMapping.roles: expected the name of a header, got undefined"],
  ])("%j is refused at creation", (mapping, message) => {
    expect(create({ headerMapping: { subject: "x-user", ...mapping } })).toThrow(message);
  });

  test.each<[more: object, message: string]>([
    [{ payload: { header: "x-a" }, headerMapping }, "headerMapping, payload: keep one"],
    [{ payload: {} }, "payload.header: expected"],
    [{ payload: undefined }, "payload: expected a plain object, got undefined"],
    [{ payload: { header: "cookie" } }, "payload.header: cookie is a header with a meaning of its own"],
    [{ payload: { header: "x-a", claimsMapping: { roles: 7 } } }, "claimsMapping.roles: expected"],
  ])("%j is refused at creation", (more, message) => {
    expect(create(more)).toThrow(message);
  });

  test("a payload may be long, not endless, and needs the proof", async () => {
    const interceptor = create({ payload: { header: "x-payload" } })();
    const payloadOf = (more: string) => Buffer.from(JSON.stringify({ sub: "ada", more })).toString("base64url");
    const send = (more: string, headers: object = proof) =>
      tryIt(interceptor, { ...headers, "x-payload": payloadOf(more) });
    expect(await send("x".repeat(12_000))).toEqual(ok());
    expect(await send("x".repeat(13_000))).toMatchObject(refused());
    expect(await send("", {})).toMatchObject(refused());
    expect(await tryIt(interceptor, proof)).toEqual(expect.objectContaining({ text: "Missing credentials" }));
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
    { rules: ["100.101.102.0/24"], address: "::ffff:100.101.102.103", trusted: true },
    { rules: ["100.101.102.0/24"], address: "::ffff:100.101.103.103", trusted: false },
    { rules: ["10.1.2.3/32"], address: "10.1.2.3", trusted: true },
    { rules: ["10.1.2.3/32"], address: "10.1.2.4", trusted: false },
    { rules: ["128.0.0.0/1"], address: "129.0.0.1", trusted: true },
    { rules: ["128.0.0.0/1"], address: "127.0.0.1", trusted: false },
    { rules: ["2001:db8::7/128"], address: "2001:DB8::7", trusted: true },
    { rules: ["2001:db8::7/128"], address: "2001:db8::8", trusted: false },
    { rules: ["2001:db8::ffff:7"], address: "2001:db8::ffff:7", trusted: true },
    { rules: ["2001:db8::ffff:7"], address: "2001:db8::ffff:8", trusted: false },
    { rules: ["10.0.0.0/8"], address: "::ffff:10.1.2.3%eth0", trusted: false },
    { rules: ["fd00::/8"], address: "fd00::1", trusted: true },
    { rules: ["fd00::/8"], address: "fd00::1%eth0", trusted: false },
    { rules: ["2001:db8:0:1::/64"], address: "2001:db8:0:1:ffff::1", trusted: true },
    { rules: ["2001:db8:0:1::/64"], address: "2001:db8:0:2::1", trusted: false },
    { rules: ["64:ff9b::10.0.0.0/104"], address: "64:ff9b::a01:203", trusted: true },
    { rules: ["1::8"], address: "1:0:0:0:0:0:0:8", trusted: true },
    { rules: ["10.0.0.0/8"], address: "x::ffff:10.1.2.3", trusted: false },
    { rules: ["10.0.0.0/8"], address: "::ffff:10.1.2.3.4", trusted: false },
  ])("$address by $rules: $trusted", async ({ rules, address, trusted }) => {
    const got = await tryAt(byPeer(rules), at(address), { "x-user": "ada" });
    expect(got).toMatchObject(trusted ? { code: "ok" } : refused());
  });

  test.each(["fe80::1%eth0", "nonsense", ""])("%j is no address: not trusted, and not a failure", async (address) => {
    const withValues: Interceptor = (next) => (req) => next({ ...req, contextValues: at(address) });
    const cause = await causeOf([withValues, byPeer(["fe00::/8"])], { "x-user": "ada" });
    expect(cause).toBe(`trustSource.peerAddresses: the connection is from "${address}", which is not in the list`);
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
    const cause = await causeOf(byPeer(["127.0.0.1"]), { "x-user": "ada" });
    expect(cause).toBe("trustSource.peerAddresses: the server has no contextValues: recordPeer");
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
    expect(recordPeer({ socket: { remoteAddress: 7 } }).get(peerKey)?.address).toBeUndefined();
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
    options: Partial<Parameters<typeof createGatewayAuthInterceptor>[0]>,
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

describe("a gateway that is not told apart from its clients is refused at creation", () => {
  const refusesRule = (rule: string, message: string) =>
    expect(() => createGatewayAuthInterceptor({ trustSource: { peerAddresses: [rule] } })).toThrow(
      new TypeError(message),
    );
  const option = "trustSource.peerAddresses";

  test.each([
    "10.0.0.0/8 ",
    "10.0.0.0/8\n",
    "10.0.0.0/a8",
    "10.0.0.0/1000",
    "10.0.0.0/8/",
    "fe80::1%eth0",
    "fe80::%eth0/10",
  ])("%j is no rule", (rule) =>
    refusesRule(rule, `${option}: ${JSON.stringify(rule)} is not an IP address or a range such as "10.0.0.0/8"`),
  );
  test.each(["0.0.0.0/0", "10.0.0.0/0", "::/0"])("%j matches every address", (rule) =>
    refusesRule(rule, `${option}: "${rule}" matches every address`),
  );
  test.each([
    ["::ffff:10.0.0.1", "is an IPv4 address: write it as IPv4"],
    ["::FFFF:a00:0/104", "is an IPv4 address: write it as IPv4"],
    ["0:0:0:0:0:ffff:10.0.0.1", "is an IPv4 address: write it as IPv4"],
    ["0000:0::ffff:10.0.0.1", "is an IPv4 address: write it as IPv4"],
    ["fe80::/10", "is link-local"],
    ["FE80::/64", "is link-local"],
    ["fe80::1", "is link-local"],
    ["febf:ffff::1", "is link-local"],
    ["ff02::1", "is multicast"],
    ["224.0.0.0/4", "is multicast"],
    ["239.255.255.250", "is multicast"],
    ["::", "is no peer's address"],
    ["0.0.0.0", "is no peer's address"],
    ["0.0.0.0/8", "is no peer's address"],
    ["255.255.255.255", "is no peer's address"],
  ])("%j could never match", (rule, problem) => {
    const make = () => createGatewayAuthInterceptor({ trustSource: { peerAddresses: [rule] } });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`${option}: "${rule}" ${problem}`);
  });
  test.each(["10.1.2.3/8", "10.0.0.1/31", "2001:db8::1/64", "fec0::1/9", "128.0.0.1/1", "::1/127"])(
    "%j could mean one host or many",
    (rule) =>
      refusesRule(
        rule,
        `${option}: "${rule}" has more bits than the /${rule.split("/")[1]} counts: write "${rule.split("/")[0]}" for one host, or the first address of the range`,
      ),
  );
  test.each(["10.0.0.0/8", "10.1.2.3", "10.1.2.2/31", "2001:db8::/32", "::1", "fec0::/10", "240.0.0.1", "fe00::/8"])(
    "%j is a rule",
    (rule) => {
      expect(() => createGatewayAuthInterceptor({ trustSource: { peerAddresses: [rule] } })).not.toThrow();
    },
  );
  test.each<[string, object]>([
    ["trustSource.addresses: expected a list of", { header: "x-real-ip", addresses: [] }],
    ["trustSource: expected { header, secrets }", { header: "x-real-ip", addresses: ["10.0.0.1"], secrets: "x" }],
    ["trustSource: expected { header, secrets }", { header: "x-real-ip", peerAddresses: ["10.0.0.1"] }],
    ["trustSource: expected { header, secrets }", { secrets: "the-secret-of-the-gateway" }],
    ["trustSource.secrets: expected at least 16 characters, got 15", { header: "x-secret", secrets: "s".repeat(15) }],
    ["trustSource.secrets: expected visible ASCII", { header: "x-secret", secrets: `${"s".repeat(16)}\u00e9` }],
    ["trustSource.secrets: expected visible ASCII", { header: "x-secret", secrets: ` ${"s".repeat(16)}` }],
    ["trustSource.secrets: set but empty", { header: "x-secret", secrets: 7 }],
    ['trustSource.header: expected the name of a header, got "x secret"', { header: "x secret", secrets: secret }],
    ["trustSource.header: expected the name of a header, got 7", { header: 7, secrets: secret }],
    ["trustSource.header: expected the name of a header", { header: "x-secret:", secrets: secret }],
  ])("%s", (message, options) => {
    const make = () => createGatewayAuthInterceptor({ trustSource: options as never });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
  test.each([
    "Authorization",
    "connection",
    "content-type",
    "cookie",
    "host",
    "te",
    "transfer-encoding",
    "grpc-timeout",
    "connect-protocol-version",
    "set-cookie",
    "From",
    "user-agent",
    "referer",
    "if-match",
  ])("%s is a header with a meaning of its own", (subject) => {
    expect(() => createGatewayAuthInterceptor({ headerMapping: { subject }, trustSource })).toThrow(
      new TypeError(`headerMapping.subject: ${subject.toLowerCase()} is a header with a meaning of its own`),
    );
  });
  test.each(["x-host", "host-id", "x-content-type", "x-grpc-user", "teammate", "proxy-authorization"])(
    "%s is not",
    async (subject) => {
      const named = createGatewayAuthInterceptor({ headerMapping: { subject }, trustSource });
      expect(await tryIt(named, { ...proof, [subject]: "ada" })).toEqual(ok());
    },
  );
  test("the shortest secret is not", async () => {
    const short = createGatewayAuthInterceptor({
      headerMapping,
      trustSource: { header: "X-Gateway-Secret", secrets: "s".repeat(16) },
    });
    expect(await tryIt(short, { "x-user": "ada", "x-gateway-secret": "s".repeat(16) })).toEqual(ok());
    expect(await tryIt(short, { "x-user": "ada", "x-gateway-secret": "s".repeat(15) })).toMatchObject(refused());
  });
  test.each<[string, object]>([
    ["name: expected a non-empty string", { name: "" }],
    ["headerMapping.subject: expected the name of a header", { headerMapping: { roles: "x-roles" } }],
    [
      "headerMapping.roles: expected the name of a header, got undefined",
      { headerMapping: { subject: "x-user", roles: undefined } },
    ],
  ])("%s", (message, options) => {
    const make = () => createGatewayAuthInterceptor({ trustSource, ...options } as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
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
