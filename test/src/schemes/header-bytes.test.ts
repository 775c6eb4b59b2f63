import { createContextValues, type Interceptor } from "@connectrpc/connect";
import {
  type AuthContext,
  authContextKey,
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  createSessionAuthInterceptor,
  type HeaderMapping,
  meshIdentityTrust,
  recordPeer,
} from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, startLab } from "../support/lab.js";
import { callHttp1, callHttp2, type RawHeader, utf8 } from "../support/raw-call.js";

/** A lab that keeps the last caller whom a handler saw, called over both versions of HTTP by raw headers. */
interface RawLab {
  /** The caller, or the code of the refusal. */
  call(...headers: RawHeader[]): Promise<unknown>;
  close(): Promise<void>;
}

async function startRawLab(version: "1.1" | "2", interceptor: Interceptor, knowsRawHeaders: boolean): Promise<RawLab> {
  let caller: AuthContext | undefined;
  const look: Interceptor = (next) => (req) => {
    caller = req.contextValues.get(authContextKey);
    return next(req);
  };
  const lab: Lab = await startLab({
    interceptors: [interceptor, look],
    ...(knowsRawHeaders && { contextValues: recordPeer }),
  });
  return {
    async call(...headers) {
      caller = undefined;
      const send = version === "1.1" ? callHttp1(lab.http1Url, headers) : callHttp2(lab.http2Url, headers);
      const answer = await send;
      return caller ?? answer;
    },
    close: lab.close,
  };
}

const secret = "the-secret-of-the-gateway";
const proof: RawHeader = ["x-gateway-secret", secret];
const user: RawHeader = ["x-user", "ada"];
const headerMapping = {
  subject: "x-user",
  name: "x-name",
  roles: "x-roles",
  scopes: "x-scopes",
  permissions: "x-permissions",
  claims: "x-claims",
};
const gatewayBy = (mapping: Partial<HeaderMapping> = {}) =>
  createGatewayAuthInterceptor({
    headerMapping: { ...headerMapping, ...mapping },
    trustSource: { header: "x-gateway-secret", secrets: secret },
  });
const refused = "unauthenticated";

describe.each(["1.1", "2"] as const)("over HTTP/%s", (version) => {
  describe.each([
    { name: "with contextValues: recordPeer", knowsRawHeaders: true },
    { name: "without", knowsRawHeaders: false },
  ])("a mapped header, $name", ({ knowsRawHeaders }) => {
    let lab: RawLab;
    beforeAll(async () => {
      lab = await startRawLab(version, gatewayBy(), knowsRawHeaders);
    });
    afterAll(() => lab.close());

    test.each<{ name: string; twice: [string, string, string] }>([
      { name: "subjects", twice: ["x-user", "ada", "eve"] },
      { name: "one subject", twice: ["x-user", "ada", "ada"] },
      { name: "an empty subject first", twice: ["x-user", "", "ada"] },
      { name: "an empty subject last", twice: ["x-user", "ada", ""] },
      { name: "names", twice: ["x-name", "Ada", "Eve"] },
      { name: "an empty name last", twice: ["x-name", "Ada", ""] },
      { name: "an empty name first", twice: ["x-name", "", "Ada"] },
      { name: "roles", twice: ["x-roles", "user", "admin"] },
      { name: "lists of roles", twice: ["x-roles", "a,b", "c,d"] },
      { name: "an empty list of roles last", twice: ["x-roles", "admin", ""] },
      { name: "empty lists of roles", twice: ["x-roles", "", ""] },
      { name: "roles as JSON", twice: ["x-roles", '["user"]', '["admin"]'] },
      { name: "roles as JSON after others", twice: ["x-roles", "user", '["admin"]'] },
      { name: "scopes", twice: ["x-scopes", "read", "write"] },
      { name: "an empty list of scopes last", twice: ["x-scopes", "read", ""] },
      { name: "claims", twice: ["x-claims", '{"a":1}', '{"b":2}'] },
      { name: "an empty claims header last", twice: ["x-claims", '{"a":1}', ""] },
    ])("that comes twice is refused: $name", async ({ twice: [name, first, second] }) => {
      const others = name === "x-user" ? [proof] : [proof, user];
      expect(await lab.call(...others, [name, first], [name, second])).toBe(refused);
      expect(await lab.call(...others, [name, first], ["x-other", "1"], [name.toUpperCase(), second])).toBe(refused);
    });

    test.each<{ header: RawHeader; want: object }>([
      { header: ["x-name", "Ada"], want: { name: "Ada" } },
      { header: ["x-name", ""], want: { subject: "ada", roles: [] } },
      { header: ["x-roles", "a,b"], want: { roles: ["a", "b"] } },
      { header: ["x-roles", '["a", "b"]'], want: { roles: ["a", "b"] } },
      { header: ["x-scopes", "read write"], want: { scopes: ["read", "write"] } },
      { header: ["x-scopes", '["read", "a, b"]'], want: { scopes: ["read", "a, b"] } },
      { header: ["x-claims", '{"a": 1, "b": 2}'], want: { claims: { a: 1, b: 2 } } },
    ])("that comes once counts: $header", async ({ header, want }) => {
      expect(await lab.call(proof, user, header)).toMatchObject(want);
    });

    test.each<{ header: RawHeader; want: object }>([
      { header: ["x-name", "Lovelace, Ada"], want: { name: "Lovelace, Ada" } },
      { header: ["x-name", "Ada,"], want: { name: "Ada," } },
      { header: ["x-roles", "a, b ,  c d"], want: { roles: ["a", "b", "c d"] } },
    ])("that looks like two headers is one only if the server knows: $header", async ({ header, want }) => {
      const got = await lab.call(proof, user, header);
      if (knowsRawHeaders) expect(got).toMatchObject(want);
      else expect(got).toBe(refused);
    });
  });

  test("headers in the encoding of setAuthHeaders that come twice are refused, each of them", async () => {
    const trustSource = { header: "x-gateway-secret", secrets: secret };
    const lab = await startRawLab(version, createGatewayAuthInterceptor({ trustSource }), true);
    try {
      const subject: RawHeader = ["x-auth-subject", "ada"];
      expect(await lab.call(proof, subject, ["x-auth-roles", '["a", "b"]'])).toMatchObject({ roles: ["a", "b"] });
      for (const [name, first, second] of [
        ["x-auth-subject", "ada", "ada"],
        ["x-auth-name", "Ada", "Eve"],
        ["x-auth-type", "a", "b"],
        ["x-auth-roles", '["a"', '"b"]'],
        ["x-auth-scopes", '["a"]', '["b"]'],
        ["x-auth-claims", '{"a":1', '"b":2}'],
        ["x-auth-expires-at", "2099-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"],
      ] as const) {
        const others = name === "x-auth-subject" ? [proof] : [proof, subject];
        expect(await lab.call(...others, [name, first], [name, second])).toBe(refused);
      }
    } finally {
      await lab.close();
    }
  });

  test("a mesh's header that comes twice is refused: nobody knows which of them the mesh wrote", async () => {
    const workload = "spiffe://lab/ns/shop/sa/web";
    const trustSource = { header: "x-gateway-secret", secrets: secret };
    const trust = meshIdentityTrust({ allow: [workload], trustSource });
    const lab = await startRawLab(version, createInternalAuthInterceptor({ trust }), true);
    const cert = (uri: string): RawHeader => ["x-forwarded-client-cert", `URI=${uri}`];
    try {
      expect(await lab.call(proof, cert(workload))).toMatchObject({ subject: workload });
      expect(await lab.call(proof, cert(`spiffe://lab/x,URI=${workload}`))).toMatchObject({ subject: workload });
      expect(await lab.call(proof, cert("spiffe://lab/x"), cert(workload))).toBe(refused);
      expect(await lab.call(proof, cert(workload), cert("spiffe://lab/x"))).toBe(refused);
    } finally {
      await lab.close();
    }
  });

  describe("text that is not ASCII", () => {
    const big = "größe 日本 🦊";
    let plain: RawLab;
    let decoding: RawLab;
    beforeAll(async () => {
      plain = await startRawLab(version, gatewayBy(), true);
      decoding = await startRawLab(version, gatewayBy({ encoding: "utf-8" }), true);
    });
    afterAll(() => Promise.all([plain.close(), decoding.close()]));

    test.each<RawHeader>([
      ["x-name", utf8("größe")],
      ["x-name", "größe"],
      ["x-roles", utf8("größe")],
      ["x-claims", utf8('{"a":"größe"}')],
      ["x-user", utf8("größe")],
    ])("is refused by default: %s", async (name, value) => {
      const others = name === "x-user" ? [proof] : [proof, user];
      expect(await plain.call(...others, [name, value])).toBe(refused);
    });
    test("is read as UTF-8 by headerMapping.encoding, in every field", async () => {
      const headers: RawHeader[] = [
        proof,
        ["x-user", utf8("größe")],
        ["x-name", utf8(big)],
        ["x-roles", utf8("größe,日本")],
        ["x-scopes", utf8('["läsa"]')],
        ["x-permissions", utf8('["läsa.åäö"]')],
        ["x-claims", utf8('{"a":"🦊"}')],
      ];
      expect(await decoding.call(...headers)).toEqual({
        subject: "größe",
        name: big,
        roles: ["größe", "日本"],
        scopes: ["läsa"],
        permissions: ["läsa.åäö"],
        claims: { a: "🦊" },
        type: "gateway",
      });
      expect(await decoding.call(proof, user, ["x-name", "Ada"])).toMatchObject({ name: "Ada" });
    });
    test.each([
      ["Latin-1", "größe"],
      ["a byte alone", "\xff"],
      ["an overlong slash", "\xc0\xaf"],
      ["half a surrogate pair", "\xed\xa0\x80"],
      ["a sign that is cut off", utf8("🦊").slice(0, 3)],
      ["the sign for what could not be decoded", utf8("\ufffd")],
      ["a control character of Latin-1", utf8("a\u0085b")],
    ])("is refused if it is not UTF-8 text: %s", async (_, value) => {
      expect(await decoding.call(proof, user, ["x-name", value])).toBe(refused);
      expect(await decoding.call(proof, ["x-user", value])).toBe(refused);
    });
    test("is not trimmed: a name with a no-break space is another one", async () => {
      expect(await decoding.call(proof, user, ["x-roles", utf8("\u00a0admin,user")])).toMatchObject({
        roles: ["\u00a0admin", "user"],
      });
    });
  });

  describe("a cookie", () => {
    const name = "__Host-session";
    let lab: RawLab;
    beforeAll(async () => {
      const verifySession = (token: string | undefined) => token;
      const mapSession = (subject: string) => ({ subject });
      lab = await startRawLab(
        version,
        createSessionAuthInterceptor({ cookie: name, verifySession, mapSession }),
        false,
      );
    });
    afterAll(() => lab.close());
    const call = (...cookies: string[]) => lab.call(...cookies.map((value): RawHeader => ["cookie", value]));

    test.each([
      ["byte A0", "\xa0"],
      ["two of it", "\xa0\xa0"],
      ["U+2000 in UTF-8", utf8("\u2000")],
      ["U+FEFF in UTF-8", utf8("\ufeff")],
      ["U+3000 in UTF-8", utf8("\u3000")],
      ["byte 85", "\x85"],
    ])("behind %s has another name, wherever it stands", async (_, space) => {
      const planted = `${space}${name}=eve`;
      expect(await call(planted)).toBe(refused);
      expect(await call(`a=1; ${planted}`)).toBe(refused);
      expect(await call(`${name}${space}=eve`)).toBe(refused);
      expect(await call(`${planted}; ${name}=ada`)).toMatchObject({ subject: "ada" });
      expect(await call(`${name}=ada; ${planted}`)).toMatchObject({ subject: "ada" });
      expect(await call(`${name}=ada${space}`)).toBe(refused);
    });
    test.each([
      "a=1; __Host-session=ada; b=2",
      "__Host-session=ada",
      "a=1;\t__Host-session=ada\t; b=2",
      "a=\xff\xa0; __Host-session=ada",
      'a={"b":[1, 2]}; __Host-session=ada',
      "a; =; ;; __Host-session=ada;",
      "__host-session=eve; __Host-session=ada",
      "__HOST-SESSION=eve; __Host-session=ada",
    ])("is found: %j", async (value) => {
      expect(await call(value)).toMatchObject({ subject: "ada" });
    });
    test.each([
      "__Host-session=ada; __Host-session=ada",
      "__Host-session=ada; __Host-session=",
      "__Host-session=a b",
      "__Host-session=a,b",
      "__Host-session=a\\b",
      '__Host-session=a"b',
      '__Host-session="ada',
      '__Host-session="',
      "__Host-session=ad\xe4",
      "__Host-session=ada\x85",
      "__Host-session=a\tb",
    ])("is refused: %j", async (value) => {
      expect(await call(value)).toBe(refused);
    });
    test("in two headers is refused, and beside others in two headers is found", async () => {
      expect(await call(`${name}=ada`, `${name}=eve`)).toBe(refused);
      expect(await call("a=1", `${name}=ada`)).toMatchObject({ subject: "ada" });
    });
  });
});

test("headers that Fastify and others keep in `raw` are known as well", async () => {
  const values = (request: object) => recordPeer({ socket: {}, ...request }, createContextValues());
  const by = (request: object): Interceptor => {
    return (next) => (req) => next({ ...req, contextValues: values(request) });
  };
  const { tryIt, ok, refused } = await import("../support/call.js");
  const sent = { "x-gateway-secret": secret, "x-user": "ada", "x-name": "Lovelace, Ada" };
  const once = ["X-Name", "Lovelace, Ada"];
  const twice = ["x-name", "Lovelace", "X-NAME", "Ada"];
  for (const request of [{ rawHeaders: once }, { raw: { rawHeaders: once } }]) {
    expect(await tryIt([by(request), gatewayBy()], sent)).toEqual(ok());
  }
  for (const request of [{ rawHeaders: twice }, { raw: { rawHeaders: twice } }, { rawHeaders: [] }, {}, { raw: 1 }]) {
    expect(await tryIt([by(request), gatewayBy()], sent)).toMatchObject(refused());
  }
});

test.each(["latin1", "UTF-8", "", null, undefined])("headerMapping.encoding: %j is refused at creation", (encoding) => {
  expect(() => gatewayBy({ encoding: encoding as never })).toThrow(
    new TypeError(`headerMapping.encoding: expected "ascii" or "utf-8" or "percent", got ${JSON.stringify(encoding)}`),
  );
});
