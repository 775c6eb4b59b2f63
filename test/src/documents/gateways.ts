import { createRouterTransport } from "@connectrpc/connect";
import type { AuthContext, AuthScheme } from "@connectum/auth";
import { expect } from "vitest";
import { outcome } from "../support/call.js";
import type { Runs } from "./runs.js";
import { clientOf, parts, snippet } from "./shop.js";

type Headers = Readonly<Record<string, string>>;

/** The headers that a gateway documents, and what they mean. */
interface Gateway {
  readonly headers: Headers;
  readonly identity: Partial<AuthContext>;
  /** Headers that the gateway never writes, or a client may have added to. */
  readonly refused: Readonly<Record<string, Headers>>;
}

const secret = "secret-of-the-gateway".repeat(2);
const encode = (claims: object | string, encoding: "base64" | "base64url" = "base64url") =>
  Buffer.from(typeof claims === "string" ? claims : JSON.stringify(claims)).toString(encoding);
/** A value as its bytes, as Node's `Headers` holds it. */
const utf8 = (text: string) => Buffer.from(text).toString("latin1");
const exp = Math.floor(Date.now() / 1_000) + 600;

const payload = (header: string, claims: object): Gateway["refused"] => ({
  "sent twice": { [header]: `${encode(claims)}, ${encode(claims)}` },
  "a member twice": { [header]: encode('{"sub":"ada","sub":"root"}') },
  "not JSON": { [header]: encode("sub=ada") },
  "not base64": { [header]: JSON.stringify(claims) },
  "a list": { [header]: encode([claims]) },
  "no subject": { [header]: encode({ ...claims, sub: undefined }) },
  "a subject of another type": { [header]: encode({ ...claims, sub: 7 }) },
  "past its end": { [header]: encode({ ...claims, exp: exp - 1_000 }) },
  "an end of another type": { [header]: encode({ ...claims, exp: String(exp) }) },
  "invalid UTF-8": { [header]: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString("base64url") },
  "a whole token": { [header]: `e30.${encode(claims)}.c2ln` },
  empty: { [header]: "" },
});

const envoy = { sub: "ada", iss: "https://login.example.com", exp, realm_access: { roles: ["editor"] } };
const kong = { sub: "ada", preferred_username: "Ada Müller?>", groups: ["editor", "Zürich"] };

/** By the file of the snippet. */
const gateways: Readonly<Record<string, Gateway>> = {
  // https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview (--set-xauthrequest)
  "oauth2-proxy": {
    headers: {
      "x-auth-request-user": "ada",
      "x-auth-request-email": "ada@example.com",
      "x-auth-request-preferred-username": utf8("Ada Müller"),
      "x-auth-request-groups": utf8("editor,role:shop:admin,Zürich"),
    },
    identity: { subject: "ada", name: "Ada Müller", roles: ["editor", "role:shop:admin", "Zürich"] },
    refused: {
      "groups sent twice": { "x-auth-request-groups": "editor, admin" },
      "invalid UTF-8": { "x-auth-request-groups": "Z\u00fcrich" },
      "an empty group": { "x-auth-request-groups": "editor,,admin" },
    },
  },
  // https://www.authelia.com/integration/trusted-header-sso/introduction/
  authelia: {
    headers: { "remote-user": "ada", "remote-groups": "editor,dev", "remote-name": "Ada", "remote-email": "a@b.c" },
    identity: { subject: "ada", name: "Ada", roles: ["editor", "dev"] },
    refused: { "a user sent twice": { "remote-user": "eve, ada" } },
  },
  // https://docs.goauthentik.io/add-secure-apps/providers/proxy/
  authentik: {
    headers: {
      "x-authentik-username": "ada",
      "x-authentik-groups": utf8("editor|Team Zürich|a,b"),
      "x-authentik-name": "Ada",
      "x-authentik-uid": "900347b8a29876b45ca6f75722635ecfedf0e931c6022e3a29a8aa13fb5516fb",
    },
    identity: { name: "Ada", roles: ["editor", "Team Zürich", "a,b"] },
    refused: {
      "an empty group": { "x-authentik-groups": "editor||admin" },
      // The server would need recordPeer to know that it is one header.
      "a group that may be two headers": { "x-authentik-groups": "editor|Zug, Bern" },
    },
  },
  // https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
  envoy: {
    headers: { "x-jwt-payload": encode(envoy) },
    identity: { subject: "ada", roles: ["editor"], claims: envoy, expiresAt: new Date(exp * 1_000) },
    refused: payload("x-jwt-payload", envoy),
  },
  // https://docs.konghq.com/hub/kong-inc/openid-connect/ (upstream_user_info_header)
  kong: {
    headers: { "x-userinfo": encode(kong, "base64") },
    identity: { subject: "ada", name: kong.preferred_username, roles: kong.groups },
    refused: payload("x-userinfo", kong),
  },
  // https://cloud.google.com/api-gateway/docs/authenticating-users-jwt
  google: {
    headers: { "x-apigateway-api-userinfo": `${encode({ sub: "ada", roles: ["editor"] })}` },
    identity: { subject: "ada", roles: ["editor"] },
    refused: payload("x-apigateway-api-userinfo", { sub: "ada" }),
  },
  percent: {
    headers: { "x-user": "Z%C3%BCrich%2C%20Ada", "x-groups": "editor,a%2Cb,100%25" },
    identity: { subject: "Zürich, Ada", roles: ["editor", "a,b", "100%"] },
    refused: {
      "a broken escape": { "x-groups": "editor,100%" },
      "invalid UTF-8": { "x-groups": "Z%FCrich" },
      "raw UTF-8": { "x-user": utf8("Zürich") },
      "an encoded control character": { "x-user": "ada%0a" },
      "an encoded zero": { "x-user": "ada%00" },
      "an empty group": { "x-groups": "editor,,a" },
      "groups sent twice": { "x-groups": "editor, admin" },
    },
  },
};

async function check(file: string, { headers, identity, refused }: Gateway): Promise<void> {
  process.env["GATEWAY_SECRET"] = secret;
  const { runtime, policies, OrderService } = await parts();
  const { scheme } = await snippet<{ scheme: AuthScheme }>(`src/gateways/${file}.ts`);
  const auth = runtime.createAuth({ policies, authenticate: scheme });
  let seen: AuthContext | undefined;
  let passed: string[] = [];
  const transport = createRouterTransport(
    ({ rpc }) =>
      void rpc(
        OrderService.method["getOrder"] as never,
        ((_: unknown, context: { requestHeader: Iterable<string[]> }) => {
          seen = runtime.getAuthContext();
          passed = [...context.requestHeader].map(([name = ""]) => name);
          return {};
        }) as never,
      ),
    { router: auth },
  );
  const client = await clientOf(transport);
  const call = async (sent: Headers) => {
    seen = undefined;
    return outcome((client.getOrder({}, { headers: sent }) as Promise<unknown>).then(() => "ok"));
  };
  const proof = { "x-gateway-secret": secret };

  expect(await call({ ...headers, ...proof })).toMatchObject({ code: "ok" });
  expect(seen).toMatchObject(identity);
  const read = passed.filter((name) => Object.hasOwn(headers, name) && !isUnread(name));
  expect(read).toEqual([]);
  expect(await call(headers)).toMatchObject({ code: "Unauthenticated", text: "Invalid credentials" });
  for (const [name, changed] of Object.entries(refused)) {
    const answer = await call({ ...headers, ...changed, ...proof });
    expect([name, answer.code, answer.text]).toEqual([name, "Unauthenticated", "Invalid credentials"]);
  }
}

/** Headers of the gateway that the mapping does not name stay. */
const isUnread = (name: string) => /email|authentik-username/.test(name);

export const gatewayPages: Runs = Object.fromEntries(
  Object.entries(gateways).map(([file, gateway]) => [`src/gateways/${file}.ts`, () => check(file, gateway)]),
);
