import type { AuthScheme } from "@connectum/auth";
import { startTestKeySet } from "@connectum/auth/testing";
import { expect, vi } from "vitest";
import { once } from "./once.js";
import type { Runs } from "./runs.js";
import { call, parts, snippet } from "./shop.js";

type Claims = Readonly<Record<string, unknown>>;

/** What a provider documents about its tokens. */
interface Provider {
  /** The claims of a token for this server. */
  readonly claims: Claims;
  readonly subject: string;
  /** The headers of a call with a token. By default, `Authorization: Bearer`. */
  readonly headers?: readonly ((token: string) => Record<string, string>)[];
  /** Whether the token has the role `editor`, or the scope `orders:write`. */
  readonly has: { readonly role: boolean; readonly scope: boolean };
  /** Other tokens of the provider, by the claims that differ. Undefined removes a claim. */
  readonly others: Readonly<Record<string, Claims>>;
  readonly algorithm?: "ES256";
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asHeader = (name: string) => (token: string) => ({ [name]: token });
const asCookie = (name: string) => (token: string) => ({ cookie: `theme=dark; ${name}=${token}` });
const now = Math.floor(Date.now() / 1_000);

/** By the file of the snippet. */
const providers: Readonly<Record<string, Provider>> = {
  // https://www.keycloak.org/docs/latest/server_admin/#_protocol-mappers
  keycloak: {
    claims: {
      iss: "https://sso.example.com/realms/shop",
      aud: ["shop-api", "account"],
      sub: "f1f0d9f4-3a4f-4b06-9c47-2d0f4f0f6a11",
      typ: "Bearer",
      azp: "shop-web",
      sid: "a-session",
      acr: "1",
      realm_access: { roles: ["offline_access", "uma_authorization"] },
      resource_access: { "shop-api": { roles: ["editor"] }, account: { roles: ["view-profile"] } },
      scope: "openid email orders:write",
      preferred_username: "ada",
    },
    subject: "f1f0d9f4-3a4f-4b06-9c47-2d0f4f0f6a11",
    has: { role: true, scope: true },
    others: {
      "an ID token": { typ: "ID", aud: "shop-api" },
      "a refresh token": { typ: "Refresh" },
      "of another realm": { iss: "https://sso.example.com/realms/other" },
      "without the audience mapper": { aud: "account" },
    },
  },
  // https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
  auth0: {
    claims: {
      iss: "https://shop.eu.auth0.com/",
      sub: "auth0|123456",
      aud: ["https://api.example.com", "https://shop.eu.auth0.com/userinfo"],
      azp: "my_client_id",
      scope: "openid profile orders:write",
      permissions: ["orders:write"],
      "https://example.com/roles": ["editor"],
    },
    subject: "auth0|123456",
    has: { role: true, scope: true },
    others: {
      "an ID token": { aud: "my_client_id" },
      "of the userinfo endpoint": { aud: "https://shop.eu.auth0.com/userinfo" },
      "of another tenant": { iss: "https://other.eu.auth0.com/" },
    },
  },
  // https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
  entra: {
    claims: {
      aud: "11111111-2222-3333-4444-555555555555",
      iss: "https://login.microsoftonline.com/6fd2…/v2.0",
      azp: "00000000-0000-0000-0000-000000000001",
      azpacr: "0",
      oid: "00000000-0000-0000-aaaa-000000000000",
      sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
      tid: "6fd2…",
      ver: "2.0",
      scp: "orders:write",
      roles: ["editor"],
    },
    subject: "00000000-0000-0000-aaaa-000000000000",
    has: { role: true, scope: true },
    others: {
      "of version 1": { ver: "1.0", iss: "https://sts.windows.net/6fd2…/", aud: "api://shop" },
      "of another tenant": { tid: "9999…", iss: "https://login.microsoftonline.com/9999…/v2.0" },
      "of another tenant in the same issuer": { tid: "9999…" },
      // https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
      "an ID token of the same registration": { azp: undefined, azpacr: undefined, scp: undefined, nonce: "a-nonce" },
      "for Microsoft Graph": { aud: "00000003-0000-0000-c000-000000000000" },
    },
  },
  // https://developer.okta.com/docs/api/oauth2/#access-token
  okta: {
    claims: {
      ver: 1,
      jti: "AT.an-id",
      iss: "https://shop.okta.com/oauth2/default",
      aud: "api://default",
      cid: "0oa1web",
      uid: "00u1ada",
      scp: ["openid", "orders:write"],
      sub: "ada@example.com",
      groups: ["Everyone", "editor"],
    },
    subject: "00u1ada",
    has: { role: true, scope: true },
    others: {
      "an ID token": { aud: "0oa1web", cid: undefined, uid: undefined },
      "of a client": { uid: undefined, sub: "0oa1web" },
      "of the org's server": { iss: "https://shop.okta.com", aud: "https://shop.okta.com" },
    },
  },
  // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
  cognito: {
    claims: {
      sub: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
      "cognito:groups": ["editor"],
      iss: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf",
      client_id: "4uc0example",
      origin_jti: "an-id",
      token_use: "access",
      scope: "aws.cognito.signin.user.admin orders:write",
      username: "ada",
    },
    subject: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    has: { role: true, scope: true },
    others: {
      "an ID token": { token_use: "id", aud: "4uc0example", client_id: undefined },
      "of another client": { client_id: "other" },
      "of another pool": { iss: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other" },
    },
  },
  // https://zitadel.com/docs/apis/openidoauth/claims
  zitadel: {
    claims: {
      iss: "https://shop.zitadel.cloud",
      sub: "170848145649959169",
      aud: ["170086774599581953@shop", "269763872187302914"],
      client_id: "170086774599581953@shop",
      jti: "69234237813329048",
      "urn:zitadel:iam:org:project:roles": { editor: { "170086363054473473": "shop.zitadel.cloud" } },
    },
    subject: "170848145649959169",
    has: { role: true, scope: false },
    others: {
      // It has every client and the project as audience, and may have the roles.
      "an ID token": { jti: undefined, nonce: "a-nonce", amr: ["pwd"], azp: "170086774599581953@shop" },
      "for another project": { aud: ["170086774599581953@shop"] },
      "with roles of another form": { "urn:zitadel:iam:org:project:roles": ["editor"] },
      "of another instance": { iss: "https://other.zitadel.cloud" },
    },
  },
  // https://clerk.com/docs/guides/sessions/session-tokens and https://clerk.com/docs/guides/sessions/jwt-templates
  clerk: {
    claims: {
      azp: "https://example.com",
      iss: "https://clerk.example.com",
      nbf: now - 10,
      jti: "1234567890",
      sid: "sess_1",
      sub: "user_1",
      v: 2,
      fva: [7, -1],
      sts: "active",
      o: { id: "org_1", slg: "shop", rol: "editor", per: "read,manage", fpm: "3,2" },
    },
    subject: "user_1",
    headers: [bearer, asCookie("__session")],
    has: { role: true, scope: false },
    others: {
      "of another origin": { azp: "https://evil.example" },
      "without origin": { azp: undefined },
      "of a JWT template": {
        sid: undefined,
        v: undefined,
        aud: "https://other.example",
        o: undefined,
        roles: ["editor"],
      },
      "of a session that is pending": { sts: "pending" },
      "of another instance": { iss: "https://clerk.other.example" },
    },
  },
  // https://firebase.google.com/docs/auth/admin/verify-id-tokens
  firebase: {
    claims: {
      iss: "https://securetoken.google.com/shop-1234",
      aud: "shop-1234",
      auth_time: now - 60,
      user_id: "ada",
      sub: "ada",
      roles: ["editor"],
      firebase: { identities: { email: ["ada@example.com"] }, sign_in_provider: "password" },
    },
    subject: "ada",
    has: { role: true, scope: false },
    others: {
      "of an anonymous user": { firebase: { identities: {}, sign_in_provider: "anonymous" } },
      "of another project": { iss: "https://securetoken.google.com/other", aud: "other" },
      "a custom token": {
        aud: "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
      },
    },
  },
  // https://cloud.google.com/iap/docs/signed-headers-howto
  iap: {
    claims: {
      aud: "/projects/123456/global/backendServices/7890",
      iss: "https://cloud.google.com/iap",
      sub: "accounts.google.com:1234",
      email: "ada@example.com",
      hd: "example.com",
    },
    subject: "accounts.google.com:1234",
    headers: [asHeader("x-goog-iap-jwt-assertion")],
    algorithm: "ES256",
    has: { role: false, scope: false },
    others: {
      "of another backend": { aud: "/projects/123456/global/backendServices/1" },
      "of another issuer": { iss: "https://accounts.google.com" },
    },
  },
  // https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/application-token/
  cloudflare: {
    claims: {
      aud: ["4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"],
      email: "ada@example.com",
      nbf: now - 10,
      iss: "https://shop.cloudflareaccess.com",
      type: "app",
      identity_nonce: "6ei69kawdKzMIAPF",
      sub: "7335d417-61da-459d-899c-0a01c76a2f94",
      country: "DE",
    },
    subject: "7335d417-61da-459d-899c-0a01c76a2f94",
    headers: [asHeader("cf-access-jwt-assertion")],
    has: { role: false, scope: false },
    others: {
      "of the team's domain": { type: "org" },
      "of another application": { aud: ["another"] },
      "of a service token": { sub: "", common_name: "e367826f93b8d71185e03fe518aff3b4.access" },
    },
  },
  // https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
  kubernetes: {
    claims: {
      aud: ["shop"],
      iss: "https://kubernetes.default.svc",
      "kubernetes.io": {
        namespace: "web",
        pod: { name: "web-1", uid: "a-uid" },
        serviceaccount: { name: "web", uid: "another-uid" },
      },
      nbf: now - 10,
      sub: "system:serviceaccount:web:web",
    },
    subject: "system:serviceaccount:web:web",
    has: { role: false, scope: false },
    others: {
      "for the API server": { aud: ["https://kubernetes.default.svc"] },
      // https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#legacy-serviceaccount-token-tracking
      "of a Secret": { iss: "kubernetes/serviceaccount", aud: undefined, exp: undefined },
      "of another cluster": { iss: "https://other.example" },
    },
  },
};

const keySets = {
  RS256: once(() => startTestKeySet()),
  ES256: once(() => startTestKeySet("ES256")),
};

export async function closeProviders(): Promise<void> {
  for (const keySet of Object.values(keySets)) await (await keySet()).close();
}

const invalid = "Unauthenticated: Invalid credentials";

/** Calls a server with the scheme of a snippet, with the provider's token and with its other tokens. */
async function check(file: string, provider: Provider): Promise<void> {
  const { claims, subject, headers = [bearer], has, others, algorithm = "RS256" } = provider;
  const keySet = await keySets[algorithm]();
  process.env["JWKS_URI"] = keySet.jwksUri;
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { runtime, policies } = await parts();
  const { scheme } = await snippet<{ scheme: AuthScheme | AuthScheme[] }>(`src/idp/${file}.ts`);
  // Only a provider without audience needs a warning.
  expect(warn.mock.calls.length > 0).toBe(!Object.hasOwn(claims, "aud"));
  warn.mockRestore();
  const auth = runtime.createAuth({ policies, authenticate: scheme });
  const sign = (changed: Claims = {}) => keySet.sign({ ...claims, ...changed });
  for (const [i, place] of headers.entries()) {
    const right = place(await sign());
    expect(await call(auth, "getOrder", right)).toBe(subject);
    const denied = "PermissionDenied: Access denied";
    expect(await call(auth, "cancelOrder", right)).toBe(has.role ? subject : denied);
    const stream = async function* () {
      yield {};
    };
    expect(await call(auth, "importOrders", right, stream())).toBe(has.scope ? subject : denied);
    for (const [name, changed] of Object.entries(others)) {
      expect([name, await call(auth, "getOrder", place(await sign(changed)))]).toEqual([name, invalid]);
    }
    // A token in another place is none, and one that nobody signed is invalid.
    if (i === 0 && place !== bearer) {
      expect(await call(auth, "getOrder", bearer(await sign()))).toBe("Unauthenticated: Missing credentials");
    }
    const [head, body] = (await sign()).split(".");
    expect(await call(auth, "getOrder", place(`${head}.${body}.${"A".repeat(86)}`))).toBe(invalid);
  }
}

export const identityProviders: Runs = Object.fromEntries(
  Object.entries(providers).map(([file, provider]) => [`src/idp/${file}.ts`, () => check(file, provider)]),
);
