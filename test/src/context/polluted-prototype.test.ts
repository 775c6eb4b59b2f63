import { createClient, createContextValues, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  createAuth,
  createAuthInterceptor,
  createAuthzInterceptor,
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  createProtoAuthzInterceptor,
  createRevocations,
  createSessionAuthInterceptor,
  credentials,
  InvalidCredentialError,
  meshIdentityTrust,
  recordPeer,
  sharedSecretTrust,
  signedTokenTrust,
} from "@connectum/auth";
import { createTestJwt, createTestKeyPair, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { startEndpoint } from "../jwt/published-keys.js";
import { missing, ok, refused, tryIt } from "../support/call.js";
import { labRoutes } from "../support/lab.js";
import { witness } from "../support/witness.js";

/** Members that other code of the process has put onto `Object.prototype`; removed after each test. */
const planted: string[] = [];
function plant(members: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    planted.push(name);
  }
}
afterEach(() => {
  for (const name of planted.splice(0)) delete (Object.prototype as Record<string, unknown>)[name];
});

const bearer = { authorization: "Bearer ada" };
const verifySession = (token: string | undefined) => token ?? "none";
const mapSession = (subject: string) => ({ subject });
const secret = "the-secret-of-the-gateway";

describe("an option that is inherited from Object.prototype is not set", () => {
  test("cookie, bearer: sessions are found where the options say", async () => {
    plant({ cookie: "evil", name: "evil", cache: {}, cacheHeaders: ["x"] });
    const byBearer = createSessionAuthInterceptor({ bearer: true, verifySession, mapSession });
    expect(await tryIt(byBearer, { cookie: "evil=eve" })).toMatchObject(missing);
    expect((await witness(byBearer, bearer)).caller).toMatchObject({ subject: "ada", type: "session" });
  });
  test("bearer: false", async () => {
    plant({ bearer: false });
    const byCookie = createSessionAuthInterceptor({ cookie: "s", verifySession, mapSession });
    expect(await tryIt(byCookie, bearer)).toEqual(ok());
  });
  test("extractCredentials, challenge", async () => {
    plant({ extractCredentials: () => "eve", challenge: "Evil" });
    const interceptor = createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) });
    expect(await tryIt(interceptor, bearer)).toEqual(ok());
    expect(await tryIt(interceptor, {})).toEqual({ ...missing, challenge: "Bearer" });
  });
  test("skipMethods, optionalMethods, propagateHeaders", async () => {
    plant({ skipMethods: ["*"], optionalMethods: ["*"], propagateHeaders: true });
    const interceptor = createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) });
    expect(await tryIt(interceptor, {})).toMatchObject(missing);
    const { interceptors } = createAuth({
      policies: [EchoServicePolicy],
      authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
    });
    expect(await tryIt(interceptors, {})).toMatchObject(missing);
    expect(await tryIt(interceptors, bearer)).toEqual(ok());
  });
  test("jwks, and its headers and fetch", async () => {
    const endpoint = await startEndpoint({ keys: [] });
    const evil = vi.fn(() => Promise.reject(new Error("evil")));
    plant({ jwks: { fetch: evil }, fetch: evil, headers: { "x-evil": "1" }, statuses: [500] });
    const interceptor = createJwtAuthInterceptor({ jwksUri: endpoint.url, audience: "lab" });
    const pair = await createTestKeyPair("ES256", "1");
    const header = { alg: "ES256", kid: "1" };
    const token = await createTestJwt({ sub: "ada", aud: "lab" }, { key: pair.privateKey, header });
    await tryIt(interceptor, { authorization: `Bearer ${token}` });
    expect(endpoint.requests).toBe(1);
    expect(evil).not.toHaveBeenCalled();
    await endpoint.close();
  });
  test("checkClaims, header, cookie, payload", async () => {
    plant({ checkClaims: () => false, header: "x-token", cookie: "token", payload: { header: "x-payload" } });
    const byJwt = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab" });
    const token = await createTestJwt({ sub: "ada", aud: "lab" });
    expect(await tryIt(byJwt, { authorization: `Bearer ${token}` })).toEqual(ok());
    expect(await tryIt(byJwt, { "x-token": token, cookie: `token=${token}` })).toMatchObject(missing);
    const trustSource = { header: "x-secret", secrets: secret };
    const mapped = createGatewayAuthInterceptor({ headerMapping: { subject: "x-user" }, trustSource });
    expect(await tryIt(mapped, { "x-secret": secret, "x-user": "ada" })).toEqual(ok());
  });
  test("headerMapping, and its fields", async () => {
    plant({ headerMapping: { subject: "x-evil" }, roles: "x-evil-roles", encoding: "utf-8" });
    const trustSource = { header: "x-secret", secrets: secret };
    const proof = { "x-secret": secret };
    const mapped = createGatewayAuthInterceptor({ headerMapping: { subject: "x-user" }, trustSource });
    const { caller } = await witness(mapped, { ...proof, "x-user": "ada", "x-evil-roles": "admin" });
    expect(caller).toMatchObject({ subject: "ada", roles: [] });
    expect(await tryIt(mapped, { ...proof, "x-user": "\u00c3\u00a9" })).toMatchObject(refused());
    const unmapped = createGatewayAuthInterceptor({ trustSource });
    expect(await tryIt(unmapped, { ...proof, "x-evil": "eve" })).toMatchObject(missing);
    expect(await tryIt(unmapped, { ...proof, "x-auth-subject": "ada" })).toEqual(ok());
  });
  test("peerAddresses, addresses, secrets of a trust source", async () => {
    plant({ peerAddresses: ["10.0.0.0/8"], addresses: ["10.0.0.0/8"] });
    const interceptor = createGatewayAuthInterceptor({
      headerMapping: { subject: "x-user" },
      trustSource: { header: "x-secret", secrets: secret },
    });
    const values = recordPeer({ socket: { remoteAddress: "10.0.0.1" } }, createContextValues());
    const at: Interceptor = (next) => (req) => next({ ...req, contextValues: values });
    expect(await tryIt([at, interceptor], { "x-user": "eve", "x-secret": "10.0.0.1" })).toMatchObject(refused());
  });
  test("header, mapCaller of trusts", async () => {
    plant({ header: "x-evil", mapCaller: () => ({ subject: "eve" }) });
    const shared = createInternalAuthInterceptor({
      trust: sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } }),
    });
    expect(await tryIt(shared, { "x-evil": "the-secret-of-orders" })).toMatchObject(missing);
    expect(await tryIt(shared, { "x-internal-secret": "the-secret-of-orders" })).toEqual(ok("orders"));
    const mesh = createInternalAuthInterceptor({
      trust: meshIdentityTrust({ allow: ["spiffe://lab/a"], trustSource: { header: "x-secret", secrets: secret } }),
    });
    const cert = { "x-secret": secret, "x-forwarded-client-cert": "URI=spiffe://lab/a" };
    expect(await tryIt(mesh, cert)).toEqual(ok("spiffe://lab/a"));
  });
});

describe("a field that is inherited from Object.prototype is no part of an identity", () => {
  const evil = { roles: ["admin"], scopes: ["all"], name: "Eve", type: "evil", claims: { admin: true } };
  const bare = { subject: "ada", roles: [], scopes: [], permissions: [], claims: {}, type: "credentials" };
  const by = (identity: unknown) => createAuthInterceptor({ verifyCredentials: () => identity as never });

  test("of an object, with or without a prototype", async () => {
    plant({ ...evil, subject: "eve" });
    expect({ ...(await witness(by({ subject: "ada" }), bearer)).caller }).toEqual(bare);
    const bareObject = Object.assign(Object.create(null), { subject: "ada" });
    expect({ ...(await witness(by(bareObject), bearer)).caller }).toEqual(bare);
    expect(await tryIt(by({}), bearer)).toMatchObject(refused());
    expect(await tryIt(by("ada"), bearer)).toMatchObject(refused());
  });
  test("of an instance, whose class counts", async () => {
    plant(evil);
    class User {
      get subject() {
        return "ada";
      }
    }
    class Admin extends User {
      readonly roles = ["owner"];
    }
    expect({ ...(await witness(by(new User()), bearer)).caller }).toEqual(bare);
    expect({ ...(await witness(by(new Admin()), bearer)).caller }).toEqual({ ...bare, roles: ["owner"] });
  });
  test("of a token", async () => {
    plant({ ...evil, scope: "all", scp: "all" });
    const jwt = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab", issuer: "test" });
    const token = await createTestJwt({ sub: "ada", aud: "lab", iss: "test" });
    const { caller, got } = await witness(jwt, { authorization: `Bearer ${token}` });
    expect(got).toEqual(ok());
    expect(caller).toMatchObject({ subject: "ada", roles: [], scopes: [] });
  });
});

describe("an option of a JWT, its key set, a cache, limits or revocations", () => {
  const issuer = { secret: TEST_JWT_SECRET, audience: "lab", issuer: "test" };
  const claims = { sub: "ada", aud: "lab", iss: "test" };
  const withToken = async (more: object, options: object = {}) => ({
    authorization: `Bearer ${await createTestJwt({ ...claims, ...more }, options)}`,
  });

  test.each<[string, Record<string, unknown>, object]>([
    ["allowBoundTokens", { allowBoundTokens: true }, { cnf: { jkt: "x" } }],
    ["allowMissingExpiration", { allowMissingExpiration: true }, { exp: undefined }],
    ["clockTolerance", { clockTolerance: 1e9 }, { exp: 1_000_000_000 }],
  ])("%s opens nothing", async (_, members, bad) => {
    plant(members);
    for (const options of [issuer, { issuers: [issuer] }]) {
      const interceptor = createJwtAuthInterceptor(options);
      expect(await tryIt(interceptor, await withToken(bad))).toMatchObject(refused());
      expect(await tryIt(interceptor, await withToken({}))).toEqual(ok());
    }
  });
  test.each<[string, object, Record<string, unknown>, object?]>([
    ["exp", {}, { exp: 4_000_000_000 }, { exp: undefined }],
    ["aud", {}, { aud: "lab" }, { aud: undefined }],
    ["iss", {}, { iss: "test" }, { iss: undefined }],
    ["iat", { maxTokenAge: 60 }, { iat: 4_000_000_000 }, { iat: undefined }],
    ["a claim of one's own", { requiredClaims: ["tenant"] }, { tenant: "evil" }, {}],
    ["typ", { typ: "at+jwt" }, { typ: "at+jwt" }],
  ])("%s is not taken for a part of a token that lacks it", async (name, options, members, lacking = {}) => {
    const interceptor = createJwtAuthInterceptor({ ...issuer, ...options });
    const whole = name === "a claim of one's own" ? { tenant: "lab" } : {};
    const header = name === "typ" ? { header: { typ: "at+jwt" } } : {};
    const [good, bad] = [await withToken(whole, header), await withToken(lacking)];
    plant(members);
    expect(await tryIt(interceptor, bad)).toMatchObject(refused());
    expect(await tryIt(interceptor, good)).toEqual(ok());
  });
  test.each<[string, Record<string, unknown>]>([
    ["jwksUri", { jwksUri: "https://evil.example/keys" }],
    ["publicKey, algorithms", { publicKey: "evil", algorithms: ["none"] }],
    ["issuers", { issuers: [{ ...issuer, issuer: "evil" }] }],
    ["issuer, audience, typ, requiredClaims", { typ: "evil", requiredClaims: ["evil"], maxTokenAge: 1 }],
    ["cache", { cache: { ttl: -1 }, ttl: -1, maxSize: -1, namespace: "", store: {}, secret: "" }],
    ["limits, revocations", { credentialLength: 1, verifications: 0, interval: 0, storeTimeout: 0 }],
    ["jwks", { jwks: { maxAge: -1 }, maxAge: -1, cooldown: -1, timeout: -1 }],
    ["header", { header: "x-evil" }],
    ["members of a credential", { presented: "evil", vouchedBy: "evil" }],
    ["a member of a credential that is called", { issuer: "evil" }],
  ])("%s changes nothing", async (_, members) => {
    plant(members);
    const revocations = createRevocations();
    const interceptor = createJwtAuthInterceptor({ ...issuer, cache: {}, limits: {}, revocations });
    const headers = await withToken({});
    expect([await tryIt(interceptor, headers), await tryIt(interceptor, headers)]).toEqual([ok(), ok()]);
    const trust = signedTokenTrust({ issuers: [issuer] });
    expect(await tryIt(createInternalAuthInterceptor({ trust }), headers)).toEqual(ok());
    await revocations.revoke({ credential: headers.authorization });
    expect(await tryIt(interceptor, headers)).toMatchObject(refused());
  });
});

describe("the checks of options", () => {
  test("take nothing from Object.prototype", () => {
    const right = { secret: TEST_JWT_SECRET, audience: "lab" };
    plant({ optional: true, required: true, fallback: ["x"], accepts: () => true, shown: true, environment: true });
    expect(() => createJwtAuthInterceptor({ ...right, audience: undefined })).toThrow(/^audience: expected/);
    expect(() => createJwtAuthInterceptor({ ...right, clockTolerance: "s3cret" as never })).toThrow(/^clockTolerance/);
    expect(() => createJwtAuthInterceptor(right)).not.toThrow();
  });

  test("nor does an invalid credential", () => {
    plant({ reason: "expired", final: true });
    expect(new InvalidCredentialError("x")).toMatchObject({ reason: "rejected", final: false });
    expect(new InvalidCredentialError("x", { reason: "key", final: true })).toMatchObject({
      reason: "key",
      final: true,
    });
  });
});

describe("an option of authorization", () => {
  const everything = [{ name: "evil", effect: "allow", methods: ["*"] }];
  const denied = { code: "PermissionDenied" };

  test("opens nothing", async () => {
    plant({ mode: "report", defaultPolicy: "allow", skipMethods: ["*"], rules: everything, authorize: () => true });
    const authentication = createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) });
    for (const authorization of [createAuthzInterceptor({}), createProtoAuthzInterceptor({ policies: [] })]) {
      expect(await tryIt([authentication, authorization], bearer)).toMatchObject(denied);
    }
    const authenticate = credentials({ verifyCredentials: (subject) => ({ subject }) });
    expect(await tryIt(createAuth({ policies: [], authenticate }).interceptors, bearer)).toMatchObject(denied);
  });
  test("narrows no rule, and none is widened", async () => {
    plant({ requires: { roles: ["evil"] }, roles: ["evil"], scopes: ["evil"] });
    const authentication = createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) });
    const by = (effect: "allow" | "deny") =>
      createAuthzInterceptor({ rules: [{ name: "all", effect, methods: ["*"] }], defaultPolicy: "allow" });
    expect(await tryIt([authentication, by("allow")], bearer)).toEqual(ok());
    expect(await tryIt([authentication, by("deny")], bearer)).toMatchObject(denied);
  });
});

test.each(["limits", "propagatedClaims", "revocations"])(
  "createAuth takes no %s from Object.prototype",
  async (name) => {
    plant({ [name]: "evil" });
    const authenticate = credentials({ verifyCredentials: (subject) => ({ subject }) });
    const { interceptors } = createAuth({ policies: [EchoServicePolicy], authenticate, defaultPolicy: "allow" });
    expect(await tryIt(interceptors, bearer)).toEqual(ok());
  },
);

describe("no caller becomes internal by Object.prototype", () => {
  const trustSource = { header: "x-secret", secrets: secret };
  test.each<[string, () => Interceptor, () => HeadersInit | Promise<HeadersInit>]>([
    ["credentials", () => createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) }), () => bearer],
    [
      "session",
      () => createSessionAuthInterceptor({ cookie: "s", verifySession, mapSession }),
      () => ({ cookie: "s=ada" }),
    ],
    [
      "gateway",
      () => createGatewayAuthInterceptor({ headerMapping: { subject: "x-user" }, trustSource }),
      () => ({ "x-user": "ada", "x-secret": secret }),
    ],
    [
      "jwt",
      () => createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab" }),
      async () => ({ authorization: `Bearer ${await createTestJwt({ sub: "ada", aud: "lab" })}` }),
    ],
  ])("%s, set up before the pollution or after it", async (_, start, headers) => {
    const sent = await headers();
    const call = (authentication: Interceptor) => {
      const router = { interceptors: [authentication, createProtoAuthzInterceptor({ policies: [EchoServicePolicy] })] };
      const client = createClient(EchoService, createRouterTransport(labRoutes(router), { router }));
      return client.internalUnary({}, { headers: sent });
    };
    const before = start();
    plant({ internal: true });
    await expect(call(before)).rejects.toMatchObject({ rawMessage: "Access denied" });
    await expect(call(start())).rejects.toMatchObject({ rawMessage: "Access denied" });
  });
});
