import { createClient, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
  type AuthContext,
  createAuth,
  createAuthInterceptor,
  credentials,
  gateway,
  getAuthContext,
  parseAuthHeaders,
  setAuthHeaders,
} from "@connectum/auth";
import { createClientGatewayInterceptor } from "@connectum/auth/client";
import { createMockAuthContext } from "@connectum/auth/testing";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { ok, tryIt, withLab } from "../support/call.js";

type Actor = NonNullable<AuthContext["actor"]>;
const text = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  fc.constantFrom(" ", "%", "%41", ",", "a, b", "\0", "\n", "é", "漢字", "🦊", "__proto__", "null", "[]", '"'),
);
const actor = fc.letrec<{ readonly actor: Actor }>((tie) => ({
  actor: fc.record(
    { subject: text, issuer: text, actor: fc.option(tie("actor"), { nil: undefined, maxDepth: 4 }) },
    { requiredKeys: ["subject"] },
  ) as fc.Arbitrary<Actor>,
})).actor;
const context = fc
  .record(
    {
      subject: text,
      name: text,
      roles: fc.array(text, { maxLength: 5 }),
      scopes: fc.array(text, { maxLength: 5 }),
      claims: fc.dictionary(fc.oneof(text, fc.constant("__proto__")), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }),
      type: text,
      actor,
      expiresAt: fc.date({ noInvalidDate: true }),
    },
    { requiredKeys: ["subject"] },
  )
  .map((init) => createMockAuthContext(init));

/** What goes through a header on the wire: one byte for each character, without the spaces around. */
const asOnTheWire = (headers: Headers) =>
  new Headers(
    [...headers].map(([name, value]): [string, string] => [
      name,
      Buffer.from(value, "latin1").toString("latin1").trim(),
    ]),
  );

test("parseAuthHeaders is the exact inverse of setAuthHeaders, for every context", () => {
  fc.assert(
    fc.property(context, (identity) => {
      const headers = new Headers();
      setAuthHeaders(headers, identity);
      for (const [, value] of headers) expect(value).toMatch(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/);
      expect(parseAuthHeaders(asOnTheWire(headers))).toEqual(identity);
    }),
    { numRuns: 2_000 },
  );
});

test("whatever headers say, they give an identity, none, or a refusal", () => {
  const names = ["subject", "name", "type", "roles", "scopes", "claims", "actor", "expires-at"].map(
    (name) => `x-auth-${name}`,
  );
  const value = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom("ada", "%", "[", "{}", "[1]", "null", '[""]', "2020-01-01T00:00:00.000Z"),
  );
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 7 }), (pairs) => {
      const headers = new Headers();
      for (const [name, content] of pairs) {
        try {
          headers.append(name, content);
        } catch {
          // Not a value that any client can send.
        }
      }
      let identity: AuthContext | undefined;
      try {
        identity = parseAuthHeaders(headers);
      } catch (error) {
        expect(error).toMatchObject({ name: "InvalidCredentialError" });
        refusals++;
        return;
      }
      expect(identity === undefined).toBe(!headers.has("x-auth-subject"));
      if (identity !== undefined) {
        // What was read can be written, and is then what it was.
        const again = new Headers();
        setAuthHeaders(again, identity);
        expect(parseAuthHeaders(again)).toEqual(identity);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(refusals).toBeGreaterThan(100);
});

describe("a field that does not fit is an error that names it and its size; nothing is cut", () => {
  test.each<[string, Parameters<typeof createMockAuthContext>[0], RegExp]>([
    ["subject", { subject: "s".repeat(8193) }, /^subject: 8193 bytes as x-auth-subject, at most 8192/],
    ["subject that is encoded", { subject: "é".repeat(2000) }, /^subject: 12000 bytes/],
    ["roles", { roles: Array.from({ length: 1000 }, (_, i) => `role-${i}-${"x".repeat(10)}`) }, /^roles: \d+ bytes/],
    ["claims", { claims: { note: "n".repeat(9000) } }, /^claims: \d+ bytes/],
  ])("%s", (_, init, message) => {
    const headers = new Headers({ "x-auth-subject": "before" });
    expect(() => setAuthHeaders(headers, createMockAuthContext(init))).toThrow(message);
    expect([...headers]).toEqual([["x-auth-subject", "before"]]);
  });

  test("in a call it is `internal`, and the cause stays on the server", async () => {
    let cause: unknown;
    const outer: Interceptor = (next) => (req) =>
      next(req).catch((error) => {
        cause = error.cause;
        throw error;
      });
    const roles = Array.from({ length: 900 }, (_, i) => `role-${i}`);
    const interceptor = createAuthInterceptor({
      verifyCredentials: () => ({ subject: "ada", roles }),
      propagateHeaders: true,
    });
    const got = await tryIt([outer, interceptor], { authorization: "Bearer x" });
    expect(got).toEqual({ code: "Internal", text: "Identity cannot be propagated", challenge: null });
    expect(String(cause)).toMatch(/roles: \d+ bytes/);
  });
});

describe("propagateHeaders", () => {
  const headersSeen = async (options: object, headers: Record<string, string>) => {
    let seen: [string, string][] = [];
    const look: Interceptor = (next) => (req) => {
      seen = [...req.header].filter(([name]) => name.startsWith("x-auth-"));
      return next(req);
    };
    const verifyCredentials = () => ({ subject: "ada", scopes: ["read all"], claims: { tenant: 7, secret: "s" } });
    await tryIt([createAuthInterceptor({ verifyCredentials, ...options }), look], headers);
    return Object.fromEntries(seen);
  };
  const forged = { authorization: "Bearer x", "x-auth-name": "Eve", "x-auth-roles": '["admin"]' };

  test("off: nothing is written, and nothing that a client sent is left", async () => {
    expect(await headersSeen({}, forged)).toEqual({});
  });
  test("on: what the caller has, without claims, and what the caller lacks is deleted", async () => {
    const want = { "x-auth-subject": "ada", "x-auth-type": "credentials", "x-auth-scopes": '["read all"]' };
    expect(await headersSeen({ propagateHeaders: true }, forged)).toEqual(want);
  });
  test("with the claims that are named", async () => {
    const options = { propagateHeaders: true, propagatedClaims: ["tenant", "missing", "__proto__"] };
    expect(await headersSeen(options, forged)).toMatchObject({ "x-auth-claims": '{"tenant":7}' });
  });
  test("on a method that is skipped: nothing", async () => {
    expect(await headersSeen({ propagateHeaders: true, skipMethods: ["*"] }, forged)).toEqual({});
  });
});

test("a caller with any name travels from service to service, over real connections", async () => {
  const secret = "the-secret-between-services";
  const subject = "Zoë 漢字, %41 🦊";
  const authenticate = gateway({ trustSource: { header: "x-gateway-secret", secrets: secret } });
  await withLab(createAuth({ policies: [EchoServicePolicy], authenticate }), async ({ http1Url, http2Url }) => {
    const interceptors = [createClientGatewayInterceptor({ identity: getAuthContext, secret })];
    const wires = [
      createGrpcTransport({ baseUrl: http2Url, interceptors }),
      createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1", interceptors }),
    ];
    const hop: Interceptor = (next) => async (req) => {
      for (const wire of wires) expect(await createClient(EchoService, wire).unary({})).toMatchObject({ subject });
      return next(req);
    };
    const verifyCredentials = () => ({ subject, roles: ["rôle"] });
    const got = await tryIt([createAuthInterceptor({ verifyCredentials }), hop], { authorization: "Bearer x" });
    expect(got).toEqual(ok(subject));
  });
});

test("half a character is no text: it would come back as another one", () => {
  for (const init of [{ subject: "\ud800" }, { roles: ["a\udc00"] }, { type: "\ud83e" }, { name: "x\ud800" }]) {
    expect(() => createMockAuthContext(init)).toThrow(TypeError);
  }
  expect(createMockAuthContext({ claims: { half: "\ud800" } }).claims).toEqual({ half: "\ud800" });
});

describe("claims that are propagated are named when the interceptor is made", () => {
  const verifyCredentials = () => ({ subject: "ada", claims: { tenant: 7, secret: "s" } });
  const claimsSeen = async (interceptor: Interceptor) => {
    let seen: string | null = null;
    const look: Interceptor = (next) => (req) => {
      seen = req.header.get("x-auth-claims");
      return next(req);
    };
    expect(await tryIt([interceptor, look], { authorization: "Bearer x" })).toEqual(ok());
    return seen;
  };

  test("not later", async () => {
    const propagatedClaims = ["tenant"];
    const interceptor = createAuthInterceptor({ verifyCredentials, propagateHeaders: true, propagatedClaims });
    propagatedClaims.push("secret");
    expect(await claimsSeen(interceptor)).toBe('{"tenant":7}');
  });
  test("an identity that is remembered writes what it wrote", async () => {
    const options = { verifyCredentials, propagateHeaders: true, cache: {} };
    const interceptor = createAuthInterceptor({ ...options, propagatedClaims: ["tenant"] });
    for (let i = 0; i < 2; i++) expect(await claimsSeen(interceptor)).toBe('{"tenant":7}');
  });
  test.each<[string, object]>([
    ["propagateHeaders: expected true or false, got null", { propagateHeaders: null }],
    [
      "propagatedClaims: expected a list of claim names, got a list",
      { propagateHeaders: true, propagatedClaims: ["tenant", 7] },
    ],
    ["propagatedClaims: expected a list of claim names, got null", { propagateHeaders: true, propagatedClaims: null }],
    ["propagatedClaims: has no effect without propagateHeaders: true", { propagatedClaims: [] }],
    [
      "propagatedClaims: has no effect without propagateHeaders: true",
      { propagateHeaders: false, propagatedClaims: [] },
    ],
  ])("%s", (message, options) => {
    expect(() => createAuthInterceptor({ verifyCredentials, ...options } as never)).toThrow(new TypeError(message));
  });
  test.each([
    {},
    { propagateHeaders: false },
    { propagateHeaders: undefined, propagatedClaims: undefined },
    { propagateHeaders: true, propagatedClaims: [] },
  ])("%j is right", (options) => {
    expect(() => createAuthInterceptor({ verifyCredentials, ...options })).not.toThrow();
  });
});

describe("identity headers name one caller, whole", () => {
  const read = (seen: string[]): Interceptor[] => [
    (next) => (req) => {
      const { subject, name, roles } = parseAuthHeaders(req.header) ?? {};
      seen.push(JSON.stringify({ subject, name, roles }));
      return next(req);
    },
  ];
  test("the last one, where two interceptors propagate", async () => {
    const seen: string[] = [];
    const propagateHeaders = true;
    const service = createAuthInterceptor({
      extractCredentials: (header) => header.get("x-key"),
      verifyCredentials: () => ({ subject: "proxy", name: "Proxy", roles: ["admin"] }),
      optionalMethods: ["*"],
      propagateHeaders,
    });
    const user = createAuthInterceptor({
      verifyCredentials: (subject) => ({ subject }),
      optionalMethods: ["*"],
      propagateHeaders,
    });
    const chain = [service, user, ...read(seen)];
    expect(await tryIt(chain, { "x-key": "k", authorization: "Bearer ada" })).toEqual(ok());
    expect(await tryIt(chain, { "x-key": "k" })).toEqual(ok("proxy"));
    expect(seen).toEqual([
      JSON.stringify({ subject: "ada", roles: [] }),
      JSON.stringify({ subject: "proxy", name: "Proxy", roles: ["admin"] }),
    ]);
  });
  test("as it was verified last, where it was verified again after the gate", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    try {
      const seen: string[] = [];
      let roles = ["admin"];
      const auth = createAuth({
        policies: [EchoServicePolicy],
        authenticate: credentials({ verifyCredentials: (subject) => ({ subject, roles }) }),
        propagateHeaders: true,
      });
      const gated: Interceptor = (next) => async (req) => {
        const { method, header: requestHeader, contextValues: values, signal } = req;
        await auth.requestGate({ method, requestHeader, values, signal } as HandlerContext);
        roles = [];
        // The body takes its time.
        vi.advanceTimersByTime(60_000);
        return next(req);
      };
      const chain = [gated, ...auth.interceptors, ...read(seen)];
      expect(await tryIt(chain, { authorization: "Bearer ada" })).toEqual(ok());
      expect(seen).toEqual([JSON.stringify({ subject: "ada", roles: [] })]);
    } finally {
      vi.useRealTimers();
    }
  });
});
