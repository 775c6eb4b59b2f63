import { generateKeyPairSync } from "node:crypto";
import {
  type AuthScheme,
  createAuth,
  credentials,
  gateway,
  type JwtIssuerOptions,
  jwt,
  meshIdentityTrust,
  session,
  sharedSecretTrust,
  signedTokenTrust,
} from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { tryIt } from "../support/call.js";
import { bearer } from "../support/verification.js";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const create = (authenticate: AuthScheme | AuthScheme[], internal: AuthScheme | AuthScheme[]) => () =>
  createAuth({ policies: [EchoServicePolicy], authenticate, internal });

const issuer = "https://login.example.com";
const jwksUri = "https://login.example.com/jwks";
const users = { issuer, jwksUri, audience: "shop" };
const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ format: "pem", type: "spki" }) as string;
const header = "x-service-token";

describe("tokens of users that an internal scheme accepts as well are refused at creation", () => {
  test.each<[string, JwtIssuerOptions, JwtIssuerOptions]>([
    ["equal options", users, { ...users }],
    ["other times and names", users, { ...users, clockTolerance: 5, maxTokenAge: 60, jwks: { maxAge: 5 } }],
    ["another mapping", users, { ...users, claimsMapping: { roles: "groups" } }],
    ["a demanded claim, which users' tokens may have", users, { ...users, requiredClaims: ["client_id"] }],
    [
      "a key set that is spelled otherwise",
      users,
      { ...users, jwksUri: new URL("HTTPS://login.example.com:443/jwks#a") },
    ],
    ["one audience of several", { ...users, audience: ["shop", "web"] }, { ...users, audience: ["web", "jobs"] }],
    ["any audience for users", { issuer, jwksUri }, users],
    ["any audience for services", users, { issuer, jwksUri }],
    ["one issuer of several", { ...users, issuer: [issuer, "b"] }, users],
    ["a demanded typ on one side", users, { ...users, typ: "at+jwt" }],
    ["a typ that is spelled otherwise", { ...users, typ: "AT+JWT" }, { ...users, typ: "application/at+jwt" }],
    ["one algorithm of several", { ...users, algorithms: ["ES256", "RS256"] }, { ...users, algorithms: ["RS256"] }],
    [
      "a public key in another form",
      { issuer, publicKey, audience: "shop" },
      { issuer, publicKey: pem, audience: "shop" },
    ],
    [
      "a public key as JWK",
      { issuer, publicKey: pem },
      { issuer, publicKey: publicKey.export({ format: "jwk" }) as never },
    ],
    [
      "a secret as text and as bytes",
      { issuer, secret: TEST_JWT_SECRET },
      { issuer, secret: new TextEncoder().encode(TEST_JWT_SECRET) },
    ],
  ])("%s", (_, user, service) => {
    const apart = { issuer: "https://services.example.com", jwksUri: "https://services.example.com/jwks" };
    const internals = [
      jwt(service),
      jwt({ issuers: [apart, service] }),
      signedTokenTrust({ issuers: [service] }),
      signedTokenTrust({ header, issuers: [apart, service] }),
    ];
    for (const internal of internals) {
      for (const authenticate of [jwt(user), jwt({ issuers: [{ ...apart, audience: "x" }, user] })]) {
        expect(create(authenticate, internal)).toThrow(TypeError);
        expect(
          create([authenticate], [sharedSecretTrust({ callers: { a: "the-secret-of-a-caller" } }), internal]),
        ).toThrow(
          `internal: ${internal.name} accepts credentials that jwt in authenticate accepts, which would make every caller ` +
            "internal; give services an issuer, an audience or a secret of their own",
        );
      }
    }
  });

  test("any issuer for users", () => {
    expect(create(jwt({ jwksUri, audience: "shop" }), signedTokenTrust({ issuers: [users] }))).toThrow(TypeError);
  });
});

describe("their twins are apart, and accepted", () => {
  test.each<[string, JwtIssuerOptions, JwtIssuerOptions]>([
    ["another audience", users, { ...users, audience: "shop-internal" }],
    ["another issuer", users, { ...users, issuer: "https://services.example.com" }],
    ["another key set", users, { ...users, jwksUri: "https://login.example.com/service-keys" }],
    ["another key set by its query", users, { ...users, jwksUri: `${jwksUri}?for=services` }],
    ["another typ", { ...users, typ: "at+jwt" }, { ...users, typ: "svc+jwt" }],
    ["another algorithm", { ...users, algorithms: ["RS256"] }, { ...users, algorithms: ["ES256"] }],
    ["another secret", { issuer, secret: TEST_JWT_SECRET }, { issuer, secret: `b: ${TEST_JWT_SECRET}` }],
    [
      "another key",
      { issuer, publicKey },
      { issuer, publicKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey },
    ],
  ])("%s", (_, user, service) => {
    expect(create(jwt(user), jwt(service))).not.toThrow();
    expect(create(jwt(user), signedTokenTrust({ header, issuers: [service] }))).not.toThrow();
  });
});

test("what is accepted keeps users out of internal methods", async () => {
  const byUser = { issuer, secret: TEST_JWT_SECRET, audience: "shop" };
  const { interceptors } = create(
    jwt(byUser),
    signedTokenTrust({ header, issuers: [{ ...byUser, audience: "shop-internal" }] }),
  )();
  const token = await createTestJwt({ sub: "ada", iss: issuer, aud: "shop" });
  expect(await tryIt(interceptors, bearer(token))).toMatchObject({ code: "ok" });
});

describe("other schemes", () => {
  const verify = () => null;
  const find = (name: string) => (headers: Headers) => headers.get(name);
  const secrets = "the-secret-of-the-gateway";
  const trustSource = { header: "x-proof", secrets };
  const allow = ["spiffe://lab/a"];
  const mapSession = () => ({ subject: "ada" });
  const own: AuthScheme = {
    name: "own",
    challenge: undefined,
    trustedHeaders: [],
    cache: false,
    read: () => undefined,
  };
  const byKey = (by: unknown): AuthScheme => ({ ...own, read: () => undefined, accepts: [{ by }] });

  test.each<[string, AuthScheme, AuthScheme]>([
    [
      "credentials by the same function",
      credentials({ verifyCredentials: verify, extractCredentials: find("x-a") }),
      credentials({ name: "service", verifyCredentials: verify, extractCredentials: find("x-b") }),
    ],
    [
      "sessions by the same function",
      session({ cookie: "a", verifySession: verify, mapSession }),
      session({ cookie: "b", bearer: false, verifySession: verify, mapSession: () => ({ subject: "b" }) }),
    ],
    [
      "one function for sessions and for credentials",
      session({ cookie: "a", verifySession: verify, mapSession }),
      credentials({ verifyCredentials: verify, extractCredentials: find("x-b") }),
    ],
    ["equal gateways", gateway({ trustSource }), gateway({ name: "b", trustSource: { ...trustSource } })],
    [
      "gateways that share a secret",
      gateway({ trustSource }),
      gateway({ trustSource: { ...trustSource, secrets: ["the-other-secret-of-it", secrets] } }),
    ],
    [
      "gateways that share an address",
      gateway({ trustSource: { peerAddresses: ["10.0.0.1", "10.0.0.2"] } }),
      gateway({ trustSource: { peerAddresses: ["10.0.0.2"] } }),
    ],
    ["equal meshes", meshIdentityTrust({ allow, trustSource }), meshIdentityTrust({ allow: [...allow], trustSource })],
    [
      "a secret of one caller for users",
      sharedSecretTrust({ callers: { web: "the-secret-of-web-users", jobs: "the-secret-of-the-jobs" } }),
      sharedSecretTrust({ callers: { jobs: ["the-next-secret-of-jobs", "the-secret-of-the-jobs"] } }),
    ],
    ["one of your own, copied", own, { ...own, name: "copy" }],
    ["of your own, which say so", byKey("a"), byKey("a")],
  ])("%s", (_, users, services) => {
    expect(create(users, services)).toThrow(
      `internal: ${services.name} accepts credentials that ${users.name} in authenticate accepts`,
    );
  });

  test.each<[string, AuthScheme, AuthScheme]>([
    [
      "credentials by functions of their own",
      credentials({ verifyCredentials: () => null, extractCredentials: find("x-a") }),
      credentials({ verifyCredentials: () => null, extractCredentials: find("x-a") }),
    ],
    [
      "gateways with secrets of their own",
      gateway({ trustSource }),
      gateway({ trustSource: { ...trustSource, secrets: "the-other-secret-of-it" } }),
    ],
    ["a gateway and a mesh with one secret", gateway({ trustSource }), meshIdentityTrust({ allow, trustSource })],
    [
      "meshes for other workloads",
      meshIdentityTrust({ allow: ["spiffe://lab/web"], trustSource }),
      meshIdentityTrust({ allow, trustSource }),
    ],
    [
      "secrets of their own",
      sharedSecretTrust({ callers: { web: "the-secret-of-web-users" } }),
      sharedSecretTrust({ callers: { jobs: "the-secret-of-the-jobs" } }),
    ],
    ["of your own", own, { ...own, read: () => undefined }],
    ["of your own, which say so", byKey("a"), byKey("b")],
  ])("are apart: %s", (_, users, services) => {
    expect(create(users, services)).not.toThrow();
  });

  test("the same object says so", () => {
    expect(create(own, own)).toThrow("internal: own is also in authenticate, which would make every caller internal");
  });
});
