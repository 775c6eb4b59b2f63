import {
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  createSessionAuthInterceptor,
  credentials,
  jwt,
  meshIdentityTrust,
  session,
  sharedSecretTrust,
  signedTokenTrust,
} from "@connectum/auth";
import { createClientBearerInterceptor, createClientGatewayInterceptor } from "@connectum/auth/client";
import { introspection } from "@connectum/auth/introspection";
import { TEST_JWT_SECRET } from "@connectum/auth/testing";
import { generateKeyPair } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

type Mistakes = readonly (readonly [options: Readonly<Record<string, unknown>>, message: RegExp])[];

/** Every mistake is one as plain JavaScript makes it, in options that are right otherwise. */
function refuses(factory: string, create: (options: never) => unknown, right: object, mistakes: Mistakes) {
  describe(factory, () => {
    test("the options are right without the mistake", () => expect(() => create(right as never)).not.toThrow());
    test.each(mistakes.map(([options, message]) => [message, options] as const))("%s", (message, options) => {
      const make = () => create({ ...right, ...options } as never);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(message);
    });
    test.each([undefined, null, "options", 1, []])("%j instead of options", (options) => {
      expect(() => create(options as never)).toThrow(TypeError);
    });
    test("options that are inherited, of which a copy would lack a check", () => {
      const bare = Object.assign(Object.create(null), right);
      for (const parent of [right, bare]) {
        expect(() => create(Object.create(parent) as never)).toThrow(
          /: expected a plain object, got an instance of a class$/,
        );
      }
      expect(() => create(Object.assign(Object.create(null), right) as never)).not.toThrow();
    });
  });
}

const unset = undefined;
const verifyCredentials = () => ({ subject: "ada" });
const pipeline: Mistakes = [
  [{ skipMethod: ["*"] }, /^skipMethod: unknown option of .*|Did you mean/],
  [{ skipMethods: "lab.v1.EchoService/*" }, /^skipMethods: expected a list/],
  [{ skipMethods: ["EchoService"] }, /^skipMethods: "EchoService" is not a method pattern/],
  [
    { skipMethods: ["/lab.v1.EchoService/Unary"] },
    /^skipMethods: "\/lab.v1.EchoService\/Unary" is not a method pattern/,
  ],
  [{ skipMethods: [unset] }, /^skipMethods/],
  [{ optionalMethods: [""] }, /^optionalMethods: "" is not a method pattern/],
  [{ propagateHeaders: "yes" }, /^propagateHeaders: expected true or false, got "yes"/],
  [{ propagatedClaims: ["tenant"] }, /^propagatedClaims: has no effect without propagateHeaders: true/],
  [{ propagateHeaders: true, propagatedClaims: "tenant" }, /^propagatedClaims: expected a list/],
  [{ asyncContext: "false" }, /^asyncContext: expected true or false/],
  [{ limits: "none" }, /^limits: expected a plain object/],
  [{ limits: { role: 1 } }, /^role: unknown option of limits. Did you mean roles/],
  [{ revocations: {} }, /^revocations: expected the result of createRevocations\(\)/],
  [{ revocations: null }, /^revocations: expected the result of createRevocations\(\)/],
];
const nothing = () => undefined;
const cache: Mistakes = [
  [{ cache: true }, /^cache: expected a plain object/],
  [{ cache: { ttl: 0 } }, /^cache.ttl: expected milliseconds above 0, got 0/],
  [{ cache: { ttl: -1 } }, /^cache.ttl/],
  [{ cache: { ttl: Number.NaN } }, /^cache.ttl/],
  [{ cache: { ttl: "60000" } }, /^cache.ttl/],
  [{ cache: { ttl: Number.POSITIVE_INFINITY } }, /^cache.ttl/],
  [{ cache: { maxSize: 0 } }, /^cache.maxSize: expected a whole number above 0, got 0/],
  [{ cache: { maxSize: 1.5 } }, /^cache.maxSize/],
  [{ cache: { maxSize: Number.NaN } }, /^cache.maxSize/],
  [{ cache: { max: 1 } }, /^max: unknown option of cache. It takes ttl, maxSize/],
  [{ cache: { store: unset } }, /^cache.store: expected a store with the methods get, set and delete/],
  [{ cache: { store: "redis://localhost" } }, /^cache.store/],
  [{ cache: { store: { get: nothing } } }, /^cache.store: expected a store/],
  [{ cache: { store: { get: nothing, set: nothing } } }, /^cache.store: expected a store/],
  [{ cache: { storeTimeout: 0 } }, /^cache.storeTimeout/],
  [{ cache: { storeTimeout: Number.NaN } }, /^cache.storeTimeout/],
  [{ cache: { namespace: "" } }, /^cache.namespace: expected a non-empty string/],
  [{ cache: { namespace: unset } }, /^cache.namespace: expected a non-empty string/],
  [{ cache: { namespace: 1 } }, /^cache.namespace: expected a non-empty string/],
];

refuses("createAuthInterceptor", createAuthInterceptor, { verifyCredentials }, [
  ...pipeline,
  ...cache,
  [{ verifyCredentials: unset }, /^verifyCredentials: expected a function, got undefined/],
  [
    { verifyCredential: verifyCredentials },
    /^verifyCredential: unknown option of credentials. Did you mean verifyCredentials/,
  ],
  [{ extractCredentials: "x-api-key" }, /^extractCredentials: expected a function, got a string/],
  [{ extractCredentials: unset }, /^extractCredentials: expected a function, got undefined/],
  [{ name: "" }, /^name: expected a non-empty string/],
  [{ challenge: "" }, /^challenge: expected a non-empty string/],
  [{ cache: { store: new Map() } }, /^cache.namespace: needed with a store/],
]);

const issuer = "https://login.example.com";
const client = { issuer, audience: "lab", clientId: "lab", clientSecret: "secret" };
const { privateKey, publicKey } = await generateKeyPair("ES256");
const encryption = (await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveKey"]))
  .privateKey;
// The cache is checked with the pipeline.
refuses(
  "introspection",
  (options: never) => createAuth({ policies: [], authenticate: introspection(options) }),
  client,
  [
    ...cache,
    [{ issuer: unset }, /^issuer: expected a non-empty string, got undefined; is an environment variable missing\?/],
    [{ issuer: "" }, /^issuer: expected a non-empty string/],
    [{ issuer: "login.example.com" }, /^issuer: not a URL: "login.example.com"/],
    [{ issuer: "http://login.example.com" }, /^issuer: http:\/\/login.example.com is not secure: use https:/],
    [{ issuer: "https://ada:secret@login.example.com" }, /^issuer: .* has a user name or password/],
    [{ endpoint: unset }, /^endpoint: expected a value, got undefined; is an environment variable missing\?/],
    [{ endpoint: "/introspect" }, /^endpoint: not a URL/],
    [{ endpoint: "http://127.0.0.1.example.com/introspect" }, /^endpoint: .* is not secure/],
    [{ endpoint: "file:///introspect", allowInsecureHttp: true }, /^endpoint: .* is not secure/],
    [{ audience: "" }, /^audience: expected /],
    [{ audience: unset }, /^audience: expected /],
    [{ audience: [] }, /^audience: expected /],
    [{ audience: ["lab", unset] }, /^audience: expected /],
    [
      { clientId: unset },
      /^clientId: expected a non-empty string, got undefined; is an environment variable missing\?/,
    ],
    [{ clientId: "" }, /^clientId: expected/],
    [{ clientSecret: unset }, /^clientSecret: expected a non-empty string/],
    [{ clientSecret: "" }, /^clientSecret: expected a non-empty string/],
    [{ clientSecret: ["secret"] }, /^clientSecret: expected a non-empty string, got a list/],
    [
      { clientAuthentication: "basic" },
      /^clientAuthentication: expected "client_secret_basic" or "client_secret_post"/,
    ],
    [{ privateKey }, /^clientSecret or privateKey: set one of them/],
    [{ privateKey: publicKey }, /^privateKey: expected a private CryptoKey with the usage sign/],
    [{ privateKey: encryption }, /^privateKey: expected a private CryptoKey with the usage sign/],
    [{ privateKey: "-----BEGIN PRIVATE KEY-----" }, /^privateKey: expected a private CryptoKey .*, got a string/],
    [{ keyId: "1" }, /^keyId: has no effect without privateKey/],
    [{ tokens: "jwt" }, /^tokens: expected "all" or "opaque", got "jwt"/],
    [{ claimsMapping: { subject: "" } }, /^claimsMapping.subject: expected/],
    [{ claimsMapping: { actor: unset } }, /^claimsMapping.actor: expected/],
    [{ claimsMapping: { sub: "id" } }, /^sub: unknown option of claimsMapping/],
    [{ clientPrefix: "" }, /^clientPrefix: expected a non-empty string/],
    [{ clockTolerance: -1 }, /^clockTolerance: expected seconds, at least 0, got -1/],
    [{ allowMissingTokenType: "yes" }, /^allowMissingTokenType: expected true or false/],
    [{ allowBoundTokens: 1 }, /^allowBoundTokens: expected true or false/],
    [{ timeout: 0 }, /^timeout: expected milliseconds above 0/],
    [{ maxBytes: 1.5 }, /^maxBytes: expected a whole number above 0/],
    [{ cooldown: Number.NaN }, /^cooldown: expected milliseconds above 0/],
    [{ name: "" }, /^name: expected a non-empty string/],
    [{ cache: unset }, /^cache: expected a plain object/],
    [{ client_id: "lab" }, /^client_id: unknown option of introspection. Did you mean clientId/],
  ],
);
describe("introspection", () => {
  const { clientSecret, ...rest } = client;
  test.each<[object, RegExp]>([
    [rest, /^clientSecret or privateKey: set one of them, to authenticate this server/],
    [{ clientSecret, audience: "lab", clientId: "lab" }, /^issuer or endpoint: set one of them/],
    [{ ...rest, privateKey, clientAuthentication: "client_secret_post" }, /^clientAuthentication: has no effect with/],
    [
      { endpoint: "https://login.example.com/introspect", audience: "lab", clientId: "lab", privateKey },
      /^privateKey: needs issuer, the audience of what it signs/,
    ],
  ])("%# contradicting options", (options, message) => {
    expect(() => introspection(options as never)).toThrow(TypeError);
    expect(() => introspection(options as never)).toThrow(message);
  });
  test("and its twins", () => {
    introspection({ ...rest, privateKey, keyId: "1" });
    introspection({ ...client, endpoint: new URL("http://127.0.0.1/introspect"), allowInsecureHttp: false });
    introspection({ ...client, issuer: "http://login.mesh", allowInsecureHttp: true });
    expect(warn).not.toHaveBeenCalled();
  });
});

const keys = { secret: TEST_JWT_SECRET, audience: "lab" };
refuses("createJwtAuthInterceptor", createJwtAuthInterceptor, keys, [
  ...pipeline,
  ...cache,
  [{ secret: unset }, /^secret: expected .*; is an environment variable missing\?/],
  [{ secret: "" }, /^secret: expected .*, got/],
  [{ secret: "short" }, /^secret: HS256 needs at least 32 bytes \(RFC 7518 section 3.2\), got 5/],
  [{ secret: 1 }, /^secret: expected a string or bytes/],
  [{ jwksUri: unset }, /^jwksUri: expected /],
  [{ jwksUri: "login.example.com" }, /^jwksUri: not a URL/],
  [{ jwksUri: "http://login.example.com/jwks" }, /^jwksUri: .* is not secure: use https:/],
  [{ jwksUri: "http://127.0.0.1.example.com/jwks" }, /^jwksUri: .* is not secure/],
  [{ jwksUri: "file:///keys.json", allowInsecureHttp: true }, /^jwksUri: .* is not secure/],
  [
    { jwksUri: "https://login.example.com/jwks", jwks: { cooldown: 0 } },
    /^jwks.cooldown: expected milliseconds above 0, got 0/,
  ],
  [
    { jwksUri: "https://login.example.com/jwks", jwks: { maxAges: 1 } },
    /^maxAges: unknown option of jwks. Did you mean maxAge/,
  ],
  [{ publicKey: "PEM" }, /^publicKey: expected a public key/],
  [{ issuer: "" }, /^issuer: expected /],
  [{ issuer: unset }, /^issuer: expected /],
  [{ issuer: [unset] }, /^issuer: expected /],
  [{ issuer: [] }, /^issuer: expected /],
  [{ audience: "" }, /^audience: expected /],
  [{ audience: unset }, /^audience: expected /],
  [{ audience: ["lab", unset] }, /^audience: expected /],
  [{ audiance: "lab" }, /^audiance: unknown option of jwt. Did you mean audience/],
  [{ algorithms: [] }, /^algorithms: expected /],
  [{ algorithms: "HS256" }, /^algorithms: expected /],
  [{ algorithms: ["RS256"] }, /^algorithms: "RS256" does not fit a secret/],
  [{ algorithms: ["none"] }, /^algorithms: "none" does not fit/],
  [{ typ: "" }, /^typ: expected /],
  [{ typ: 7 }, /^typ: expected a non-empty string, got 7/],
  [{ requiredClaims: [] }, /^requiredClaims: expected /],
  [{ maxTokenAge: 0 }, /^maxTokenAge: expected seconds above 0, got 0/],
  [{ maxTokenAge: "1h" }, /^maxTokenAge/],
  [{ clockTolerance: -1 }, /^clockTolerance: expected seconds, at least 0, got -1/],
  [{ allowMissingExpiration: "false" }, /^allowMissingExpiration: expected true or false, got "false"/],
  [{ allowInsecureHttp: "false" }, /^allowInsecureHttp: expected true or false/],
  [{ claimsMapping: { role: "roles" } }, /^role: unknown option of claimsMapping. Did you mean roles/],
  [{ claimsMapping: { roles: "https://example.com/roles" } }, /^claimsMapping.roles: write a name with dots as a list/],
  [{ claimsMapping: { roles: [] } }, /^claimsMapping.roles/],
  [{ claimsMapping: { roles: "" } }, /^claimsMapping.roles/],
  [{ issuers: [] }, /of jwt with issuers|^issuers/],
  [{ issuers: [keys] }, /of jwt with issuers/],
]);

const one = { ...keys, issuer: "https://login.example.com" };
refuses("signedTokenTrust", signedTokenTrust, { issuers: [one] }, [
  [{ issuers: unset }, /^issuers: expected a list/],
  [{ issuers: [] }, /^issuers: expected a list of at least one/],
  [{ issuers: [keys] }, /^issuers\[0\].issuer: missing; write the iss of its tokens/],
  [{ issuers: [one, one] }, /^issuers\[1\].issuer: "https:\/\/login.example.com" is listed twice; keep one/],
  [{ issuers: [{ ...one, issuer: [one.issuer, one.issuer] }] }, /is listed twice; keep one/],
  [{ issuers: [{ ...one, secret: unset }] }, /^secret: expected .*, got/],
  [{ issuers: [{ ...one, cache: {} }] }, /cache/],
  [{ header: unset }, /^header: expected the name of a header/],
  [{ header: "authorization" }, /^header: authorization is a header with a meaning of its own/],
]);

const trustSource = { header: "x-gateway-secret", secrets: "the-secret-of-the-gateway" };
const source = (options: object, message: RegExp): Mistakes[number] => [{ trustSource: options }, message];
const trust: Mistakes = [
  [{ trustSource: unset }, /^trustSource: expected a plain object/],
  source({}, /^trustSource: expected \{ header, secrets \}/),
  source({ header: "x-secret" }, /^trustSource: expected \{ header, secrets \}/),
  source({ ...trustSource, peerAddresses: ["10.0.0.1"] }, /^trustSource: expected/),
  source({ ...trustSource, secret: "x" }, /^secret: unknown option of trustSource. Did you mean secrets/),
  source(
    { ...trustSource, secrets: unset },
    /^trustSource.secrets: set but empty; is an environment variable missing\?/,
  ),
  source({ ...trustSource, secrets: "" }, /^trustSource.secrets: set but empty/),
  source({ ...trustSource, secrets: [] }, /^trustSource.secrets: expected at least one secret/),
  source({ ...trustSource, secrets: ["the-secret-of-the-gateway", unset] }, /^trustSource.secrets: set but empty/),
  source({ ...trustSource, secrets: "short" }, /^trustSource.secrets: expected at least 16 characters, got 5/),
  source({ ...trustSource, secrets: "a secret with spaces" }, /^trustSource.secrets: expected visible ASCII/),
  source({ ...trustSource, header: "" }, /^trustSource.header: expected the name of a header/),
  source({ ...trustSource, header: "Cookie" }, /^trustSource.header: cookie is a header with a meaning/),
  ...[
    "10...",
    "1e1.0.0.0",
    "0x0a.0.0.1",
    "/8abc",
    "/8",
    "10.0.0.0/8abc",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0.0/ 8",
    " 10.0.0.1",
    "010.0.0.1",
    "10.0.0",
    "256.0.0.1",
    "2001:db8::/129",
    "2001:db8:::/32",
    "fe80::1%eth0",
    "::ffff:10.0.0.0/104",
    "localhost",
    "*",
    "",
    "0.0.0.0/0",
    "::/0",
    unset,
    null,
    10,
  ].map((rule) => source({ peerAddresses: [rule] }, /^trustSource.peerAddresses: /)),
  source({ peerAddresses: [] }, /^trustSource.peerAddresses: expected a list/),
  source({ peerAddresses: "10.0.0.0/8" }, /^trustSource.peerAddresses: expected a list/),
  source({ header: "x-real-ip", addresses: ["10"] }, /^trustSource.addresses: "10" is not an IP address/),
];
refuses("createGatewayAuthInterceptor", createGatewayAuthInterceptor, { trustSource }, [
  ...pipeline,
  ...trust,
  [{ headerMapping: unset }, /^headerMapping: expected a plain object/],
  [{ headerMapping: {} }, /^headerMapping.subject: expected the name of a header/],
  [
    { headerMapping: { subject: "x-user", role: "x-roles" } },
    /^role: unknown option of headerMapping. Did you mean roles/,
  ],
  [{ headerMapping: { subject: "x user" } }, /^headerMapping.subject: expected the name of a header/],
  [{ headerMapping: { subject: "x-user", roles: "X-User" } }, /^headerMapping: two fields are read from one header/],
  [{ headerMapping: { subject: "authorization" } }, /^headerMapping.subject: authorization is a header with a meaning/],
  [{ name: 1 }, /^name: expected a non-empty string/],
  [{ cache: {} }, /^cache: unknown option of gateway/],
]);

const sessions = { verifySession: () => ({}), mapSession: () => ({ subject: "ada" }) };
refuses("createSessionAuthInterceptor", createSessionAuthInterceptor, sessions, [
  ...pipeline,
  ...cache,
  [{ verifySession: unset }, /^verifySession: expected a function/],
  [{ mapSession: unset }, /^mapSession: expected a function/],
  [{ cookies: "s" }, /^cookies: unknown option of session. Did you mean cookie/],
  [{ cookie: "" }, /^cookie: expected a name without spaces, got ""/],
  [{ cookie: unset }, /^cookie: expected a name/],
  [{ cookie: "a=b" }, /^cookie: expected a name/],
  [{ bearer: "true" }, /^bearer: expected true or false/],
  [{ cacheHeaders: ["x-device"] }, /^cacheHeaders: has no effect without cache/],
  [{ cache: {}, cacheHeaders: "x-device" }, /^cacheHeaders: expected a list/],
  [{ cache: { store: new Map() } }, /^cache.namespace: needed with a store/],
]);

refuses(
  "createInternalAuthInterceptor",
  createInternalAuthInterceptor,
  { trust: signedTokenTrust({ issuers: [one] }) },
  [
    ...pipeline,
    [{ trust: unset }, /^trust: expected schemes/],
    [{ trust: [] }, /^trust: expected at least one scheme/],
    [{ trust: { issuers: [one] } }, /^trust: expected schemes such as/],
    [{ methods: "lab.v1.EchoService/InternalUnary" }, /^methods: expected a list/],
    [{ method: ["*"] }, /^method: unknown option of createInternalAuthInterceptor. Did you mean methods/],
  ],
);

refuses("sharedSecretTrust", sharedSecretTrust, { callers: { billing: "the-secret-of-billing" } }, [
  [{ callers: {} }, /^callers: expected the secret of at least one service/],
  [{ callers: unset }, /^callers: expected the secret/],
  [{ callers: { billing: unset } }, /^callers.billing: set but empty; is an environment variable missing/],
  [{ callers: { billing: "short" } }, /^callers.billing: expected at least 16 characters/],
  [{ header: "host" }, /^header: host is a header with a meaning/],
  [{ mapCaller: "x" }, /^mapCaller: expected a function/],
  [{ secret: "x" }, /^secret: unknown option of sharedSecretTrust/],
]);

refuses("meshIdentityTrust", meshIdentityTrust, { allow: ["spiffe://lab/orders"], trustSource }, [
  ...trust,
  [{ allow: [] }, /^allow: expected a list of at least one workload/],
  [{ allow: unset }, /^allow: expected a list/],
  [{ allow: ["*"] }, /^allow: "\*" is not a workload/],
  [{ allow: ["spiffe://*/orders"] }, /^allow: .* is not a workload/],
  [{ allow: [unset] }, /^allow: undefined is not a workload/],
  [{ mapCaller: 1 }, /^mapCaller: expected a function/],
]);

const policies = [EchoServicePolicy];
const users = credentials({ verifyCredentials });
refuses("createAuth", createAuth, { policies, authenticate: users }, [
  [{ authenticate: unset }, /^authenticate: expected schemes such as jwt\(\{...\}\), got undefined/],
  [{ authenticate: [] }, /^authenticate: expected at least one scheme/],
  [{ authenticate: { secret: "x" } }, /^authenticate: expected schemes/],
  [
    { authenticate: [users, jwt(keys)] },
    /^authenticate: credentials takes every Bearer token, so that jwt after it never sees one/,
  ],
  [{ authenticate: [users, session({ ...sessions, cookie: "s" })] }, /bearer: false/],
  [{ authentication: users }, /^authentication: unknown option of createAuth/],
  [{ skipMethods: ["*"] }, /^skipMethods: not an option of createAuth/],
  [{ optionalMethods: ["x"] }, /^optionalMethods: "x" is not a method pattern/],
  [{ internal: users }, /^internal: .* is also in authenticate/],
  [{ internal: {} }, /^internal: expected schemes/],
]);

refuses("createClientBearerInterceptor", createClientBearerInterceptor, { token: "t" }, [
  [
    { token: unset },
    /^token: expected a Bearer token or a function that returns one; is an environment variable missing/,
  ],
  [{ token: "" }, /^token: expected/],
  [{ token: "undefined" }, /^token: expected/],
  [{ token: "Bearer t" }, /^token: expected/],
  [{ token: "a\nb" }, /^token: expected/],
  [{ allowedOrigins: [] }, /^allowedOrigins: expected a list/],
  [{ allowedOrigins: unset }, /^allowedOrigins: expected a list, got undefined/],
  [{ allowedOrigins: ["api.example.com"] }, /^allowedOrigins: "api.example.com" is not an origin/],
  [{ allowedOrigins: ["https://api.example.com/"] }, /^allowedOrigins: .* is not an origin/],
  [{ policies: [{}] }, /^policies\[0\]: /],
  [{ tokens: "t" }, /^tokens: unknown option of createClientBearerInterceptor. Did you mean token/],
]);

refuses("createClientGatewayInterceptor", createClientGatewayInterceptor, { identity: () => undefined, secret: "s" }, [
  [{ secret: unset }, /^secret: expected .*; is an environment variable missing/],
  [{ secret: "" }, /^secret: expected .*, got/],
  [{ identity: unset }, /^identity: expected an AuthContext, or a function that returns one/],
  [{ identity: "ada" }, /^identity: expected/],
  [{ claims: "tenant" }, /^claims: expected a list/],
  [{ header: "" }, /^header: expected the name of a header/],
]);

describe("what is allowed, but probably not meant, is said once, at creation", () => {
  test("no audience", () => {
    createJwtAuthInterceptor({ secret: TEST_JWT_SECRET });
    expect(warn.mock.calls).toEqual([[expect.stringContaining("without an audience")]]);
  });
  test("several key sources", () => {
    createJwtAuthInterceptor({ ...keys, jwksUri: "https://login.example.com/jwks" });
    expect(warn.mock.calls).toEqual([[expect.stringContaining("jwksUri is used; secret ignored")]]);
  });
  test("nothing to say", () => {
    createJwtAuthInterceptor(keys);
    expect(warn).not.toHaveBeenCalled();
  });
});

test("options are read once, and never changed", () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  expect(() =>
    createJwtAuthInterceptor(
      freeze({ ...keys, algorithms: ["HS256"], skipMethods: ["*"], claimsMapping: { roles: ["a"] } }),
    ),
  ).not.toThrow();
  expect(() =>
    createGatewayAuthInterceptor(freeze({ trustSource: { ...trustSource }, optionalMethods: ["*"] })),
  ).not.toThrow();
});
