import { createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  type AuthScheme,
  createAuth,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  credentials,
  type JwtIssuerOptions,
  jwt,
  type SignedTokenTrustOptions,
  signedTokenTrust,
} from "@connectum/auth";
import { createTestJwt, startTestKeySet, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { Keyv } from "keyv";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { missing, ok, outcome, refused, tryIt } from "../support/call.js";
import { labRoutes } from "../support/lab.js";
import { bearer, identityOf, refusalOf } from "../support/verification.js";
import { spyOnVerifications } from "../support/verifications.js";

afterEach(() => vi.restoreAllMocks());

const a = { issuer: "https://a.example.com", audience: "lab", secret: TEST_JWT_SECRET };
const b = { ...a, issuer: "https://b.example.com", secret: `b: ${TEST_JWT_SECRET}` };
const keyOfB = new TextEncoder().encode(b.secret);
const byA = (claims: object = {}) => createTestJwt({ sub: "ada", aud: "lab", iss: a.issuer, ...claims });
const byB = (claims: object = {}) =>
  createTestJwt({ sub: "bob", aud: "lab", iss: b.issuer, ...claims }, { key: keyOfB });

describe("several issuers", () => {
  const interceptor = createJwtAuthInterceptor({
    issuers: [
      { ...a, maxTokenAge: 60 },
      { ...b, issuer: [b.issuer, "b2"], claimsMapping: { subject: "uid" } },
    ],
  });
  test.each([
    { name: "the first", token: byA, want: ok("ada") },
    { name: "the second, by its own mapping", token: () => byB({ uid: "bo" }), want: ok("bo") },
    { name: "the second, by its other name", token: () => byB({ uid: "bo", iss: "b2" }), want: ok("bo") },
  ])("$name", async ({ token, want }) => {
    for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, bearer(await token()))).toEqual(want);
  });

  test.each<{ name: string; token: () => Promise<string> | string; why: string; final?: boolean }>([
    { name: "a name that nobody has", token: () => byA({ iss: "c" }), why: "unknown issuer" },
    { name: "an empty name", token: () => byA({ iss: "" }), why: "unknown issuer" },
    { name: "a name of Object.prototype", token: () => byA({ iss: "constructor" }), why: "unknown issuer" },
    { name: "no issuer", token: () => byA({ iss: undefined }), why: "no issuer" },
    { name: "a list of issuers", token: () => byA({ iss: [a.issuer] }), why: "no issuer" },
    { name: "a number", token: () => byA({ iss: 7 }), why: "no issuer" },
    { name: "no token", token: () => "x", why: "ERR_JWT_INVALID" },
    { name: "claims that are no object", token: () => "e30.W10.x", why: "ERR_JWT_INVALID" },
    {
      name: "the first, by the key of the second",
      token: () => byB({ iss: a.issuer }),
      why: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    },
    {
      name: "the first, by the other name of the second",
      token: () => byA({ uid: "bo", iss: "b2" }),
      why: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    },
    { name: "the first, too old for it", token: () => byA({ iat: 1 }), why: "ERR_JWT_EXPIRED" },
    {
      name: "the second, by the mapping of the first",
      token: byB,
      why: "the claim mapped to subject is missing",
      final: false,
    },
  ])("is refused: $name", async ({ token, why, final = true }) => {
    const refusal = await refusalOf(interceptor, bearer(await token()));
    expect(refusal).toMatchObject({ name: "InvalidCredentialError", message: why, final });
    expect(await tryIt(interceptor, bearer(await token()))).toMatchObject(refused());
  });

  test.each<[string, unknown, string]>([
    ["an object", a, "issuers: expected a list of at least one issuer"],
    ["undefined", undefined, "issuers: expected a list of at least one issuer"],
    ["empty", [], "issuers: expected a list of at least one issuer"],
    [
      "a list of one without issuer",
      [{ audience: "lab", secret: a.secret }],
      "issuers[0].issuer: missing; write the iss",
    ],
    ["a list with a second that has none", [a, { audience: "lab", secret: a.secret }], "issuers[1].issuer: missing"],
    ["a list that has a name twice", [a, b, { ...b }], `issuers[2].issuer: "${b.issuer}" is listed twice; keep one`],
    ["a list with a hole", [a, undefined], "issuers[1]: expected a plain object, got undefined"],
  ])("%s is refused at creation", (_, issuers, message) => {
    for (const create of [jwt, signedTokenTrust]) {
      expect(() => create({ issuers } as never)).toThrow(TypeError);
      expect(() => create({ issuers } as never)).toThrow(message);
    }
  });
  test("their twin is taken", () => {
    for (const create of [jwt, signedTokenTrust]) expect(() => create({ issuers: [a, b] })).not.toThrow();
  });

  test("an option beside the list is one too many", () => {
    expect(() => jwt({ issuers: [a], audience: "lab" } as never)).toThrow(
      "audience: unknown option of jwt with issuers. It takes issuers",
    );
    expect(() => signedTokenTrust({ issuers: [a], audience: "lab" } as never)).toThrow(
      "audience: unknown option of signedTokenTrust with issuers. It takes issuers",
    );
  });
});

describe("what another instance has verified is believed while the key is known that verified it", () => {
  test.each([
    { name: "one issuer", several: false },
    { name: "several issuers", several: true },
  ])("$name", async ({ several }) => {
    const keySet = await startTestKeySet("ES256");
    const store = new Keyv<string>();
    const start = () => {
      const one: JwtIssuerOptions = {
        issuer: a.issuer,
        audience: "lab",
        jwksUri: keySet.jwksUri,
        jwks: { cooldown: 1 },
      };
      const scheme = jwt(several ? { issuers: [one, b], cache: { store } } : { ...one, cache: { store } });
      const { interceptors, warmUp } = createAuth({ policies: [EchoServicePolicy], authenticate: scheme });
      return { interceptors, warmUp };
    };
    const verify = spyOnVerifications();
    const headers = bearer(await keySet.sign({ sub: "ada", aud: "lab", iss: a.issuer }));

    const first = start();
    expect(await tryIt(first.interceptors, headers)).toEqual(ok());
    expect(await tryIt(first.interceptors, headers)).toEqual(ok());
    expect(verify).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(store.store.size).toBe(1), 20_000);

    // An instance that has no key set yet verifies.
    expect(await tryIt(start().interceptors, headers)).toEqual(ok());
    expect(verify).toHaveBeenCalledTimes(2);
    await vi.waitFor(() => expect(store.store.size).toBe(1), 20_000);

    const second = start();
    await second.warmUp();
    expect(await tryIt(second.interceptors, headers)).toEqual(ok());
    expect(verify).toHaveBeenCalledTimes(2);

    await keySet.rotate();
    const third = start();
    await third.warmUp();
    expect(await tryIt(third.interceptors, headers)).toMatchObject(refused());
    await keySet.close();
  });

  test("a secret is always known", async () => {
    const store = new Keyv<string>();
    const start = () => createJwtAuthInterceptor({ issuers: [a, b], cache: { store } });
    const verify = spyOnVerifications();
    const headers = bearer(await byA());
    expect(await tryIt(start(), headers)).toEqual(ok());
    await vi.waitFor(() => expect(store.store.size).toBe(1), 20_000);
    const interceptor = start();
    for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, headers)).toEqual(ok());
    expect(verify).toHaveBeenCalledTimes(1);
  });

  test.each<[string, unknown]>([
    ["an issuer that is not known", ["c", null]],
    ["a key of an issuer that has a secret", [b.issuer, "key"]],
    ["a key of an issuer whose key set is not there", [a.issuer, "key"]],
    ["nothing that can be read", "garbage"],
  ])("an entry by %s is verified instead", async (_, vouchedBy) => {
    const keySet = await startTestKeySet("ES256");
    const identity = { subject: "eve", roles: [], scopes: [], claims: {}, type: "jwt" };
    const entry = (by: unknown) =>
      JSON.stringify({
        version: 2,
        until: 9e15,
        identity,
        vouchedBy: typeof by === "string" ? by : JSON.stringify(by),
      });
    const interceptorOf = (by: unknown) =>
      createJwtAuthInterceptor({
        issuers: [{ issuer: a.issuer, audience: "lab", jwksUri: keySet.jwksUri }, b],
        cache: { store: { get: () => entry(by), set: () => {}, delete: () => {} } },
      });
    expect(await tryIt(interceptorOf(vouchedBy), bearer(await byB()))).toEqual(ok("bob"));
    // Its twin: what the store says is believed where its issuer vouched by a secret.
    expect(await tryIt(interceptorOf([b.issuer, null]), bearer(await byB()))).toEqual(ok("eve"));
    await keySet.close();
  });
});

test("an entry that a key vouched for is verified instead, where there is a secret and no key set", async () => {
  const identity = { subject: "eve", roles: [], scopes: [], claims: {}, type: "jwt" };
  const interceptorOf = (by: object) => {
    const get = () => JSON.stringify({ version: 2, until: 9e15, identity, ...by });
    return createJwtAuthInterceptor({ ...a, cache: { store: { get, set: () => {}, delete: () => {} } } });
  };
  expect(await tryIt(interceptorOf({ vouchedBy: "key" }), bearer(await byA()))).toEqual(ok());
  expect(await tryIt(interceptorOf({}), bearer(await byA()))).toEqual(ok("eve"));
});

describe("what a trust in signed tokens takes", () => {
  /** A call of an internal method. */
  const internal = (interceptors: Interceptor[], headers: HeadersInit) => {
    const router = { interceptors };
    const echo = createClient(EchoService, createRouterTransport(labRoutes(router), { router }));
    return outcome(echo.internalUnary({}, { headers }).then(({ subject }) => subject));
  };
  const trust = (options: Partial<SignedTokenTrustOptions> = {}) =>
    createInternalAuthInterceptor({ trust: signedTokenTrust({ issuers: [a], ...options }) });

  test("by default, the Bearer token", async () => {
    expect(await tryIt(trust(), bearer(await byA()))).toEqual(ok());
    expect(await tryIt(trust(), bearer(await byB()))).toMatchObject(refused());
    expect(await tryIt(trust())).toEqual({ ...missing, challenge: "Bearer" });
    expect((await identityOf(trust(), await byA()))?.type).toBe("service-token");
  });

  test("is issuers: an option of one issuer is not enough", () => {
    expect(() => signedTokenTrust(a as never)).toThrow(TypeError);
    expect(() => signedTokenTrust(a as never)).toThrow("issuers: expected a list of at least one issuer");
  });

  test("a header of its own: without a challenge, and not for the handler to see", async () => {
    const interceptor = trust({ header: "X-Service-Token" });
    const seen: (string | null)[] = [];
    const headers = { "x-service-token": await byA() };
    const got = await tryIt(
      [
        interceptor,
        (next) => (req) => {
          seen.push(req.header.get("x-service-token"));
          return next(req);
        },
      ],
      headers,
    );
    expect([got, seen]).toEqual([ok(), [null]]);
    expect(await tryIt(interceptor, bearer(await byA()))).toEqual({ ...missing, challenge: null });
  });

  test("a Bearer token is taken from every scheme after it; a header of its own is not", () => {
    const users = credentials({ verifyCredentials: () => null });
    const create = (first: AuthScheme) => () => createInternalAuthInterceptor({ trust: [first, users] });
    const none = "takes every Bearer token, so that credentials after it never sees one";
    expect(create(signedTokenTrust({ issuers: [a] }))).toThrow(`service-token ${none}`);
    expect(create(signedTokenTrust({ issuers: [a], header: "x-service-token" }))).not.toThrow();
    expect(create(jwt(a))).toThrow(`jwt ${none}`);
  });

  test("it says of itself that it is internal, which a scheme for users does not", () => {
    expect(signedTokenTrust({ issuers: [a] }).internal).toBe(true);
    expect(jwt(a).internal).toBeUndefined();
  });

  test("a service's token opens internal methods, a user's does not, whatever a store remembers", async () => {
    const options = { issuers: [a], cache: { store: new Keyv<string>() } };
    const { interceptors } = createAuth({
      policies: [EchoServicePolicy],
      authenticate: jwt(options),
      internal: signedTokenTrust({
        ...options,
        issuers: [{ ...a, audience: "lab-services" }],
        header: "x-service-token",
      }),
    });
    const [token, service] = [await byA(), await byA({ sub: "orders", aud: "lab-services" })];
    expect(await internal(interceptors, { "x-service-token": token })).toMatchObject(refused());
    expect(await tryIt(interceptors, bearer(token))).toEqual(ok());
    expect(await internal(interceptors, { "x-service-token": service })).toEqual(ok("orders"));
    expect(await internal(interceptors, bearer(token))).toMatchObject(missing);
    expect(await tryIt(interceptors, { "x-service-token": service })).toMatchObject(missing);
  });

  const padded = async (length: number) => {
    // Three bytes of claims are four characters.
    for (let pad = Math.floor((length * 3) / 4) - 200; ; pad++) {
      const token = await byA({ pad: "x".repeat(pad) });
      if (token.length >= length) return token;
    }
  };
  test("a token in its own header that is as long as may be, and one character longer", async () => {
    const interceptor = trust({ header: "x-service-token" });
    const [longest, longer] = [await padded(16 * 1024), await padded(16 * 1024 + 1)];
    expect([longest.length, longer.length]).toEqual([16_384, 16_385]);
    expect(await tryIt(interceptor, { "x-service-token": longest })).toEqual(ok());
    expect(await refusalOf(interceptor, { "x-service-token": longer })).toMatchObject({
      message: "x-service-token: not one token",
    });
  });

  test.each(["", " ", "a b", "a,b", "Bearer x.y.z", "x.y.z=", "é"])("%j is not one token", async (value) => {
    const refusal = await refusalOf(trust({ header: "x-service-token" }), { "x-service-token": value });
    expect(refusal).toMatchObject({ name: "InvalidCredentialError", message: "x-service-token: not one token" });
  });

  test("a cache remembers, and none does not", async () => {
    const verify = spyOnVerifications();
    const headers = bearer(await byA());
    for (const [cache, want] of [
      [undefined, 1],
      [false, 2],
    ] as const) {
      verify.mockClear();
      const interceptor = trust(cache === undefined ? {} : { cache });
      for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, headers)).toEqual(ok());
      expect(verify).toHaveBeenCalledTimes(want);
    }
  });
});
