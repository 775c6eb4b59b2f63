import {
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  createSessionAuthInterceptor,
  credentials,
  gateway,
  jwt,
  meshIdentityTrust,
  recordPeer,
  session,
  setAuthHeaders,
  sharedSecretTrust,
  signedTokenTrust,
} from "@connectum/auth";
import { createMockAuthContext, createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { callAs, kinds, outcome } from "../support/call.js";
import { type Lab, protocols, startLab } from "../support/lab.js";

const issuer = "https://login.example.com";
const audience = "lab";
const good = { sub: "ada", iss: issuer, aud: audience };
const past = new Date(Date.now() - 1000);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const gatewaySecret = "the-secret-of-the-gateway";

const cases = ["anonymous", "malformed", "expired", "wrong issuer", "wrong audience", "right"] as const;
type Credentials = Record<(typeof cases)[number], () => HeadersInit | Promise<HeadersInit>>;

const tokens: Credentials = {
  anonymous: () => ({}),
  malformed: () => bearer("not.a.token"),
  expired: async () => bearer(await createTestJwt(good, { expiresIn: -1 })),
  "wrong issuer": async () => bearer(await createTestJwt({ ...good, iss: "https://evil.example.com" })),
  "wrong audience": async () => bearer(await createTestJwt({ ...good, aud: "other" })),
  right: async () => bearer(await createTestJwt(good)),
};
const keys = { secret: TEST_JWT_SECRET, issuer, audience };

/** What a store of opaque tokens says: of another issuer or audience it knows nothing. */
const known = new Map([
  ["right", { subject: "ada" }],
  ["expired", { subject: "ada", expiresAt: past }],
]);
const opaque: Credentials = {
  anonymous: () => ({}),
  malformed: () => ({ authorization: "Bearer two words" }),
  expired: () => bearer("expired"),
  "wrong issuer": () => bearer("of-another-issuer"),
  "wrong audience": () => bearer("of-another-audience"),
  right: () => bearer("right"),
};
const verifyCredentials = (token: string) => known.get(token);

const cookie = (value: string) => ({ cookie: `theme=dark; session=${value}` });
const cookies: Credentials = {
  anonymous: () => ({ cookie: "theme=dark" }),
  malformed: () => ({ cookie: "session=right; session=right" }),
  expired: () => cookie("expired"),
  "wrong issuer": () => cookie("of-another-issuer"),
  "wrong audience": () => cookie("of-another-audience"),
  right: () => cookie("right"),
};
const sessions = {
  cookie: "session",
  verifySession: (token: string | undefined) => known.get(token ?? ""),
  mapSession: (found: { subject: string }) => found,
};

const identityHeaders = (init: Parameters<typeof createMockAuthContext>[0], secret = gatewaySecret) => {
  const headers = new Headers({ "x-gateway-secret": secret });
  setAuthHeaders(headers, createMockAuthContext(init));
  return headers;
};
const gatewayHeaders: Credentials = {
  anonymous: () => ({ "x-gateway-secret": gatewaySecret }),
  malformed: () => ({ "x-gateway-secret": gatewaySecret, "x-auth-subject": "ada", "x-auth-roles": '"admin"' }),
  expired: () => identityHeaders({ subject: "ada", expiresAt: past }),
  "wrong issuer": () => identityHeaders({ subject: "ada" }, "the-secret-of-another-gateway"),
  "wrong audience": () => ({ "x-auth-subject": "ada" }),
  right: () => identityHeaders({ subject: "ada" }),
};
const trustSource = { header: "x-gateway-secret", secrets: gatewaySecret };

const secretOf = (caller: string) => `the secret of ${caller}, long`.replaceAll(" ", "-");
const sharedSecrets: Credentials = {
  anonymous: () => ({}),
  malformed: () => ({ "x-internal-secret": "" }),
  expired: () => ({ "x-internal-secret": secretOf("expired") }),
  "wrong issuer": () => ({ "x-internal-secret": secretOf("nobody") }),
  "wrong audience": () => ({ "x-internal-secret": `${secretOf("ada")}, ${secretOf("ada")}` }),
  right: () => ({ "x-internal-secret": secretOf("ada") }),
};
const mapCaller = (caller: string) => ({
  subject: caller.split("/").at(-1) ?? "",
  ...(caller.endsWith("expired") && { expiresAt: past }),
});

const workload = (name: string) => ({
  "x-gateway-secret": gatewaySecret,
  "x-forwarded-client-cert": `Hash=1;URI=${name}`,
});
const mesh: Credentials = {
  anonymous: () => ({}),
  malformed: () => ({ "x-gateway-secret": gatewaySecret, "x-forwarded-client-cert": 'URI="spiffe://lab/ada' }),
  expired: () => workload("spiffe://lab/expired"),
  "wrong issuer": () => workload("spiffe://evil/ada"),
  "wrong audience": () => ({ ...workload("spiffe://lab/ada"), "x-gateway-secret": "the-secret-of-another-mesh" }),
  right: () => workload("spiffe://lab/ada"),
};

const authorized = (authenticate: Parameters<typeof createAuth>[0]["authenticate"]) => () =>
  createAuth({ policies: [EchoServicePolicy], authenticate });
const withoutGate = (create: ReturnType<typeof authorized>) => () => ({ interceptors: create().interceptors });

const wirings: readonly {
  readonly name: string;
  readonly wiring: () => Parameters<typeof startLab>[0];
  readonly credentials: Credentials;
  readonly challenge: string | null;
}[] = [
  {
    name: "createAuthInterceptor",
    wiring: () => ({ interceptors: [createAuthInterceptor({ verifyCredentials })] }),
    credentials: opaque,
    challenge: "Bearer",
  },
  {
    name: "createAuthInterceptor, cached",
    wiring: () => ({ interceptors: [createAuthInterceptor({ verifyCredentials, cache: {} })] }),
    credentials: opaque,
    challenge: "Bearer",
  },
  {
    name: "createJwtAuthInterceptor",
    wiring: () => ({ interceptors: [createJwtAuthInterceptor(keys)] }),
    credentials: tokens,
    challenge: "Bearer",
  },
  {
    name: "createJwtAuthInterceptor, several issuers",
    wiring: () => ({
      interceptors: [
        createJwtAuthInterceptor({
          issuers: [{ ...keys, issuer: "https://other.example.com", secret: `other ${TEST_JWT_SECRET}` }, keys],
        }),
      ],
    }),
    credentials: tokens,
    challenge: "Bearer",
  },
  {
    name: "createGatewayAuthInterceptor",
    wiring: () => ({ interceptors: [createGatewayAuthInterceptor({ trustSource })] }),
    credentials: gatewayHeaders,
    challenge: null,
  },
  {
    name: "createSessionAuthInterceptor, cookie",
    wiring: () => ({ interceptors: [createSessionAuthInterceptor({ ...sessions, bearer: false })] }),
    credentials: cookies,
    challenge: null,
  },
  {
    name: "createSessionAuthInterceptor, Bearer, cached",
    wiring: () => ({ interceptors: [createSessionAuthInterceptor({ ...sessions, cache: {} })] }),
    credentials: opaque,
    challenge: "Bearer",
  },
  {
    name: "createInternalAuthInterceptor, signedTokenTrust",
    wiring: () => ({ interceptors: [createInternalAuthInterceptor({ trust: signedTokenTrust({ issuers: [keys] }) })] }),
    credentials: tokens,
    challenge: "Bearer",
  },
  {
    name: "createInternalAuthInterceptor, sharedSecretTrust",
    wiring: () => ({
      interceptors: [
        createInternalAuthInterceptor({
          trust: sharedSecretTrust({ callers: { ada: secretOf("ada"), expired: secretOf("expired") }, mapCaller }),
        }),
      ],
    }),
    credentials: sharedSecrets,
    challenge: null,
  },
  {
    name: "createInternalAuthInterceptor, meshIdentityTrust",
    wiring: () => ({
      interceptors: [
        createInternalAuthInterceptor({
          trust: meshIdentityTrust({ allow: ["spiffe://lab/*"], trustSource, mapCaller }),
        }),
      ],
    }),
    credentials: mesh,
    challenge: null,
  },
  ...[
    { of: "jwt", create: authorized(jwt(keys)), credentials: tokens, challenge: "Bearer" },
    { of: "gateway", create: authorized(gateway({ trustSource })), credentials: gatewayHeaders, challenge: null },
    {
      of: "session",
      create: authorized(session({ ...sessions, bearer: false })),
      credentials: cookies,
      challenge: null,
    },
    {
      of: "credentials",
      create: authorized(credentials({ verifyCredentials })),
      credentials: opaque,
      challenge: "Bearer",
    },
  ].flatMap(({ of, create, ...rest }) => [
    { name: `createAuth by ${of}`, wiring: withoutGate(create), ...rest },
    { name: `createAuth by ${of}, with the gate`, wiring: create, ...rest },
  ]),
  {
    name: "createAuth by a list of schemes, with the gate and the peer recorded",
    wiring: () => ({
      ...createAuth({
        policies: [EchoServicePolicy],
        authenticate: [gateway({ trustSource }), session({ ...sessions, bearer: false }), jwt(keys)],
      }),
      contextValues: (request) => recordPeer(request),
    }),
    credentials: tokens,
    challenge: "Bearer",
  },
];

describe.each(wirings)("$name", ({ wiring, credentials, challenge }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(wiring());
  });
  afterAll(() => lab.close());

  describe.each(protocols)("over %s", (protocol) => {
    describe.each(kinds)("%s", (kind) => {
      test.each(cases)("%s", async (name) => {
        const headers = await credentials[name]();
        const got = await outcome(callAs(lab.transports[protocol], kind, headers));
        if (name === "right") return expect(got).toEqual({ code: "ok", text: "ada", challenge: null });
        const wrong = name !== "anonymous";
        return expect(got).toEqual({
          code: "Unauthenticated",
          text: wrong ? "Invalid credentials" : "Missing credentials",
          challenge: wrong && challenge === "Bearer" ? 'Bearer error="invalid_token"' : challenge,
        });
      });
    });
  });
});
