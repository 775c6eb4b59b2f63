import { createGatewayAuthInterceptor, type GatewayOptions, recordPeer } from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { refused, tryIt } from "../support/call.js";
import { witness } from "../support/witness.js";

// The headers of gateway products, as their documents and sources describe them. Each has a malformed twin.

const proof = { "x-gateway-secret": "the-secret-of-the-gateway" };
const trustSource = { header: "x-gateway-secret", secrets: "the-secret-of-the-gateway" };
type Mapping = Pick<GatewayOptions, "headerMapping" | "payload">;

const behind = (mapping: Mapping) => createGatewayAuthInterceptor({ ...mapping, trustSource });
const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const base64 = (json: string) => Buffer.from(json, "utf8").toString("base64");
const base64url = (json: string) => Buffer.from(json, "utf8").toString("base64url");
const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, "=");

/** The caller that a handler sees, or the text of the refusal. */
async function callerOf(mapping: Mapping, headers: HeadersInit) {
  const { caller, got } = await witness(behind(mapping), headers);
  return caller ?? got.text;
}

// The name has both letters that differ between base64 and base64url.
const claims = { sub: "ada", name: "Zoë ??>~", roles: ["admin", "a,b"], scope: "read write" };
const identity = { subject: "ada", name: claims.name, roles: claims.roles, scopes: ["read", "write"] };
const json = JSON.stringify(claims);

interface Layout {
  readonly name: string;
  readonly mapping: Mapping;
  readonly headers: Readonly<Record<string, string>>;
  readonly want: object;
  readonly malformed: Readonly<Record<string, string>>;
}

const layouts: readonly Layout[] = [
  {
    // The payload part of the token itself, without padding (handleGoodJwt):
    // https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/http/jwt_authn/authenticator.cc
    name: "Envoy, forward_payload_header",
    mapping: { payload: { header: "x-jwt-payload" } },
    headers: { "x-jwt-payload": base64url(json) },
    want: identity,
    malformed: { "x-jwt-payload": `${base64url(json)}.c2lnbmF0dXJl` },
  },
  {
    // The same function completes the padding.
    name: "Envoy, pad_forward_payload_header",
    mapping: { payload: { header: "x-jwt-payload" } },
    headers: { "x-jwt-payload": padded(base64url(json)) },
    want: identity,
    malformed: { "x-jwt-payload": `${base64url(json)}===` },
  },
  {
    // https://istio.io/latest/docs/reference/config/security/jwt: outputPayloadToHeader is Envoy's header.
    name: "Istio, outputPayloadToHeader",
    mapping: { payload: { header: "x-istio-payload", claimsMapping: { roles: "realm_access.roles" } } },
    headers: { "x-istio-payload": base64url('{"sub":"ada","realm_access":{"roles":["admin"]}}') },
    want: { subject: "ada", roles: ["admin"] },
    malformed: { "x-istio-payload": base64url('{"sub":"ada","realm_access":{"roles":[1]}}') },
  },
  {
    // https://istio.io/latest/docs/tasks/security/authentication/claim-to-header: one header for each claim.
    name: "Istio, outputClaimToHeaders",
    mapping: { headerMapping: { subject: "x-jwt-claim-sub", scopes: "x-jwt-claim-scope", encoding: "utf-8" } },
    headers: { "x-jwt-claim-sub": "ada", "x-jwt-claim-scope": "read write" },
    want: { subject: "ada", scopes: ["read", "write"] },
    malformed: { "x-jwt-claim-sub": "ada, eve", "x-jwt-claim-scope": "read write" },
  },
  {
    // ngx.encode_base64 of cjson.encode (injectUser):
    // https://github.com/revomatico/kong-oidc/blob/master/kong/plugins/oidc/utils.lua
    name: "Kong, X-Userinfo",
    mapping: { payload: { header: "x-userinfo", claimsMapping: { name: "preferred_username", roles: "groups" } } },
    headers: { "x-userinfo": base64('{"sub":"ada","preferred_username":"??>~","groups":["admin"]}') },
    want: { subject: "ada", name: "??>~", roles: ["admin"] },
    malformed: { "x-userinfo": '{"sub":"ada","groups":["admin"]}' },
  },
  {
    // concat(groups, ", "): https://github.com/Kong/kong/blob/master/kong/plugins/acl/handler.lua
    name: "Kong, X-Consumer-Groups with one group",
    mapping: { headerMapping: { subject: "x-consumer-username", roles: "x-consumer-groups" } },
    headers: { "x-consumer-username": "ada", "x-consumer-groups": "admin" },
    want: { subject: "ada", roles: ["admin"] },
    malformed: { "x-consumer-username": "ada", "x-consumer-groups": "admin," },
  },
  {
    // https://doc.traefik.io/traefik/v3.3/reference/routing-configuration/http/middlewares/forwardauth: authResponseHeaders
    // replace the headers of the client.
    name: "Traefik, ForwardAuth with X-Forwarded-User",
    mapping: { headerMapping: { subject: "x-forwarded-user" } },
    headers: { "x-forwarded-user": "ada@example.com" },
    want: { subject: "ada@example.com", roles: [] },
    malformed: { "x-forwarded-user": "" },
  },
  {
    // strings.Join(values, ",") (flattenHeaders):
    // https://github.com/oauth2-proxy/oauth2-proxy/blob/master/pkg/middleware/headers.go
    name: "oauth2-proxy",
    mapping: {
      headerMapping: {
        subject: "x-auth-request-user",
        name: "x-auth-request-preferred-username",
        roles: { header: "x-auth-request-groups", separator: "," },
        encoding: "utf-8",
      },
    },
    headers: {
      "x-auth-request-user": "ada",
      "x-auth-request-preferred-username": bytes("Zoë"),
      "x-auth-request-groups": bytes("role:admin,Prüfer,[ext] guests"),
    },
    want: { subject: "ada", name: "Zoë", roles: ["role:admin", "Prüfer", "[ext] guests"] },
    malformed: { "x-auth-request-user": "ada", "x-auth-request-groups": "admin,,guest" },
  },
  {
    // strings.Join(groups, ","); no group is an empty header:
    // https://github.com/authelia/authelia/blob/master/internal/handlers/handler_authz_common.go
    name: "Authelia",
    mapping: {
      headerMapping: { subject: "remote-user", name: "remote-name", roles: "remote-groups", encoding: "utf-8" },
    },
    headers: { "remote-user": "ada", "remote-name": bytes("Ada Müller"), "remote-groups": "admins,dev" },
    want: { subject: "ada", name: "Ada Müller", roles: ["admins", "dev"] },
    malformed: { "remote-user": "ada", "remote-name": "Ada M\xfcller" },
  },
  {
    // https://docs.goauthentik.io/add-secure-apps/providers/proxy, and strings.Join(groups, "|"):
    // https://github.com/goauthentik/authentik/blob/main/internal/outpost/proxyv2/application/mode_common.go
    name: "authentik",
    mapping: {
      headerMapping: {
        subject: "x-authentik-uid",
        roles: { header: "x-authentik-groups", separator: "|" },
        permissions: { header: "x-authentik-entitlements", separator: "|" },
        encoding: "utf-8",
      },
    },
    headers: {
      "x-authentik-uid": "900347b8",
      "x-authentik-groups": bytes("authentik Admins|Prüfer|a,b"),
      "x-authentik-entitlements": "refund|read all",
    },
    want: { subject: "900347b8", roles: ["authentik Admins", "Prüfer", "a,b"], permissions: ["refund", "read all"] },
    malformed: { "x-authentik-uid": "900347b8", "x-authentik-groups": "admin||guest" },
  },
  {
    // https://cloud.google.com/api-gateway/docs/authenticating-users-jwt
    name: "Google API Gateway",
    mapping: { payload: { header: "x-apigateway-api-userinfo" } },
    headers: { "x-apigateway-api-userinfo": base64url(json) },
    want: identity,
    malformed: { "x-apigateway-api-userinfo": base64url(`${json}{}`) },
  },
  {
    // https://nginx.org/en/docs/http/ngx_http_auth_request_module.html: any header, such as encodeURIComponent of each group.
    name: "nginx with percent-encoded values",
    mapping: { headerMapping: { subject: "x-user", name: "x-name", roles: "x-groups", encoding: "percent" } },
    headers: { "x-user": "ada%40example.com", "x-name": "M%C3%BCller%2C%20Ada", "x-groups": "Pr%C3%BCfer,a%2Cb,c+d" },
    want: { subject: "ada@example.com", name: "Müller, Ada", roles: ["Prüfer", "a,b", "c+d"] },
    malformed: { "x-user": "ada%4", "x-groups": "admin" },
  },
];

describe.each(layouts)("$name", ({ mapping, headers, want, malformed }) => {
  test("is read", async () => expect(await callerOf(mapping, { ...proof, ...headers })).toMatchObject(want));

  test("malformed, it is refused", async () =>
    expect(await tryIt(behind(mapping), { ...proof, ...malformed })).toMatchObject(refused()));

  test("from anybody else, it is refused", async () => {
    for (const forged of [{}, { "x-gateway-secret": "guess" }]) {
      expect(await tryIt(behind(mapping), { ...headers, ...forged })).toMatchObject(refused());
    }
  });
});

test("groups joined by a comma and a space need contextValues: recordPeer, which tells one header from two", async () => {
  const kong = { headerMapping: { subject: "x-consumer-username", roles: "x-consumer-groups" } };
  const headers = { ...proof, "x-consumer-username": "ada", "x-consumer-groups": "admin, dev" };
  expect(await tryIt(behind(kong), headers)).toMatchObject(refused());
  const recorded = (raw: string[]) =>
    witness(
      [
        (next) => (request) =>
          next({ ...request, contextValues: recordPeer({ socket: {}, rawHeaders: raw } as never) }),
        behind(kong),
      ],
      headers,
    );
  const { caller } = await recorded(Object.entries(headers).flat());
  expect(caller).toMatchObject({ roles: ["admin", "dev"] });
  const twice = Object.entries(proof).flat().concat("x-consumer-username", "ada");
  const { got } = await recorded(twice.concat("x-consumer-groups", "admin", "x-consumer-groups", "dev"));
  expect(got).toMatchObject(refused());
});

describe("whoever names a group cannot write another", () => {
  const bars: Mapping = { headerMapping: { subject: "x-user", roles: { header: "x-groups", separator: "|" } } };
  const commas: Mapping = { headerMapping: { subject: "x-user", roles: { header: "x-groups", separator: "," } } };
  const percent: Mapping = { headerMapping: { subject: "x-user", roles: "x-groups", encoding: "percent" } };

  test.each<[string, Mapping, string, readonly string[] | undefined]>([
    ["a group that looks like a JSON list", bars, '["admin"]', undefined],
    ["the same, among others", bars, '["admin"]|guest', ['["admin"]', "guest"]],
    ["a group that begins like JSON", bars, "[ext] guests", ["[ext] guests"]],
    ["a group with spaces around", bars, "guest| admin|x", ["guest", " admin", "x"]],
    ["a JSON list where names are separated by commas", commas, '["admin","guest"]', undefined],
    ["a JSON list of encoded names", percent, '["guest%22%2C%22admin"]', undefined],
    ["an encoded JSON list", percent, "%5B%22admin%22%5D", undefined],
    ["an encoded comma", percent, "guest%2Cadmin", ["guest,admin"]],
    ["an encoded space", percent, "guest,%20admin", ["guest", " admin"]],
    ["an encoding of an encoding", percent, "guest%252Cadmin", ["guest%2Cadmin"]],
  ])("%s", async (_, mapping, groups, roles) => {
    const { caller, got } = await witness(behind(mapping), { ...proof, "x-user": "ada", "x-groups": groups });
    expect(caller?.roles).toEqual(roles);
    expect(got).toMatchObject(roles === undefined ? refused() : { code: "ok" });
  });

  test("a name does not end a string of the claims", async () => {
    const mapping: Mapping = { headerMapping: { subject: "x-user", claims: "x-claims", encoding: "percent" } };
    const send = (value: string) => callerOf(mapping, { ...proof, "x-user": "ada", "x-claims": value });
    expect(await send('{"team":"a%22,%22tenant%22:%22b"}')).toBe("Invalid credentials");
    expect(await send(encodeURIComponent('{"team":"a"}'))).toMatchObject({ claims: { team: "a" } });
  });
});

describe("a percent-encoded value is well-formed, or refused", () => {
  const mapping: Mapping = { headerMapping: { subject: "x-user", encoding: "percent" } };
  test.each([
    ["a percent sign alone", "100%"],
    ["half an encoding", "ada%4"],
    ["no hexadecimal digit", "ada%zz"],
    ["invalid UTF-8", "%ff"],
    ["half a character", "%c3"],
    ["an overlong encoding", "%c0%af"],
    ["a surrogate", "%ed%a0%80"],
    ["a control character", "ada%00"],
    ["a line break", "ada%0d%0aadmin"],
    ["a control character of Latin-1", "ada%c2%85"],
    ["the replacement character", "%ef%bf%bd"],
    ["bytes beside the encoding", "ad\xe4"],
    ["nothing", ""],
  ])("%s", async (_, user) => {
    expect(await tryIt(behind(mapping), { ...proof, "x-user": user })).toMatchObject(refused());
  });
});

describe("a payload", () => {
  const mapping: Mapping = { payload: { header: "x-userinfo" } };
  const send = (value: string) => callerOf(mapping, { ...proof, "x-userinfo": value });

  test("without the header, the caller is anonymous; an empty one is refused", async () => {
    expect(await send("")).toBe("Invalid credentials");
    expect(await callerOf(mapping, proof)).toBe("Missing credentials");
  });

  test.each([
    ["no JSON", base64("ada")],
    ["a list", base64('[{"sub":"ada"}]')],
    ["null", base64("null")],
    ["a string", base64('"ada"')],
    ["no subject", base64('{"name":"Ada"}')],
    ["a number as the subject", base64('{"sub":7}')],
    ["an inherited subject", base64('{"__proto__":{"sub":"ada"}}')],
    ["a duplicate member", base64('{"sub":"eve","sub":"ada"}')],
    ["a duplicate member, escaped", base64('{"sub":"eve","s\\u0075b":"ada"}')],
    ["a duplicate member deeper", base64('{"sub":"ada","a":{"b":1,"b":2}}')],
    ["a byte order mark", base64('\ufeff{"sub":"ada"}')],
    ["invalid UTF-8", Buffer.from('{"sub":"ad\xff"}', "latin1").toString("base64")],
    ["both alphabets", base64('{"sub":"ada","a":"??>~>>?"}').replace("+", "-")],
    ["two values", `${base64('{"sub":"ada"}')}, ${base64('{"sub":"eve"}')}`],
    ["a space inside", base64('{"sub":"ada"}').replace(/^..../, "$& ")],
    ["incomplete padding", base64('{"sub":"ada"}').replace(/==$/, "=")],
    ["padding without need", `${base64('{"sub":"adamm"}')}=`],
    ["unused bits", base64('{"sub":"ada"}').replace(/Q==$/, "R==")],
    ["unused bits without padding", base64url('{"sub":"ada"}').replace(/Q$/, "R")],
    ["an expiry that is a string", base64('{"sub":"ada","exp":"4000000000"}')],
    ["an expiry that is null", base64('{"sub":"ada","exp":null}')],
    ["an expiry without end", base64('{"sub":"ada","exp":1e999}')],
    ["an expiry in milliseconds", base64('{"sub":"ada","exp":4000000000000}')],
    ["an expiry in the past", base64('{"sub":"ada","exp":1}')],
    ["more levels than claims may have", base64(`{"sub":"ada","a":${"[".repeat(100)}${"]".repeat(100)}}`)],
    ["as many levels as fit", base64(`{"sub":"ada","a":${"[".repeat(6_000)}${"]".repeat(6_000)}}`)],
    ["too much", base64(JSON.stringify({ sub: "ada", a: "x".repeat(16_000) }))],
  ])("%s is refused", async (_, value) => expect(await send(value)).toBe("Invalid credentials"));

  test.each([
    ["with padding", base64('{"sub":"ada"}'), { subject: "ada" }],
    ["without", base64('{"sub":"ada"}').replace(/=+$/, ""), { subject: "ada" }],
    ["a member __proto__", base64('{"sub":"ada","__proto__":{"roles":["admin"]}}'), { subject: "ada", roles: [] }],
    ["an empty claim of roles", base64('{"sub":"ada","roles":""}'), { subject: "ada", roles: [] }],
    ["an expiry", base64('{"sub":"ada","exp":4000000000}'), { expiresAt: new Date(4_000_000_000_000) }],
  ])("%s is read", async (_, value, want) => expect(await send(value)).toMatchObject(want));
});
