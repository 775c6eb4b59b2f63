import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { ReplayStore } from "@connectum/auth/jwt";
import { createTestJwt, startTestKeySet } from "@connectum/auth/testing";
import { decodeJwt } from "jose";
import { expect } from "vitest";
import { createBoundClient, hashOf } from "../proofs/bound-tokens.js";
import { clientSecret, startTokenProvider } from "../servers/token-provider.js";
import { installed } from "./greeter.js";
import { once } from "./once.js";
import type { Runs } from "./runs.js";
import { call, clientOf, outcome, serve, snippet, type Wiring } from "./shop.js";

export const issuers = once(async () => {
  const [login, partner, provider] = await Promise.all([
    startTestKeySet(),
    startTestKeySet("ES256"),
    startTokenProvider(),
  ]);
  // What the snippets read when they are loaded.
  Object.assign(process.env, {
    JWKS_URI: login.jwksUri,
    PARTNER_JWKS_URI: partner.jwksUri,
    GATEWAY_SECRET: "the-secret-of-the-gateway",
    BILLING_SECRET: "the-secret-of-billing",
    ISSUER: provider.issuer,
    INTROSPECTION_SECRET: clientSecret,
  });
  return { login, partner, provider };
});

export async function closeIssuers(): Promise<void> {
  const { login, partner, provider } = await issuers();
  await Promise.all([login.close(), partner.close(), provider.stop()]);
}

const missing = "Unauthenticated: Missing credentials";
const invalid = "Unauthenticated: Invalid credentials";
const denied = "PermissionDenied: Access denied";

const user = { sub: "ada", iss: "https://login.example.com", aud: "shop" };
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
/** The headers of a call with a token by the users' issuer. */
export async function by(claims: object): Promise<Record<string, string>> {
  const { login } = await issuers();
  return bearer(await login.sign({ ...user, ...claims }));
}
const forged = async () => bearer(await createTestJwt(user));

/** The wiring that a snippet exports by one of these names. */
export async function wiringOf(name: string): Promise<Wiring> {
  await issuers();
  const { auth, options, interceptors, requestGate } = await snippet<
    { readonly auth?: Wiring; readonly options?: Wiring } & Wiring
  >(name);
  return auth ?? options ?? ({ interceptors, requestGate } as Wiring);
}

/** The challenge of the described server. */
let challenge = "";

export const authentication: Runs = {
  async "src/jwt.ts"() {
    const wiring = await wiringOf("src/jwt.ts");
    expect(await call(wiring, "listProducts")).toBe("anonymous");
    expect(await call(wiring, "getOrder")).toBe(missing);
    expect(await call(wiring, "getOrder", await by({}))).toBe("ada");
    expect(await call(wiring, "getOrder", await by({ aud: "other" }))).toBe(invalid);
    expect(await call(wiring, "cancelOrder", await by({ roles: ["editor"] }))).toBe(denied);
    expect(await call(wiring, "cancelOrder", await by({ realm_access: { roles: ["editor"] } }))).toBe("ada");
  },

  async "src/own-chain.ts"() {
    const wiring = await wiringOf("src/own-chain.ts");
    expect(await call(wiring, "listProducts")).toBe("anonymous");
    expect(await call(wiring, "getOrder")).toBe(missing);
    expect(await call(wiring, "getOrder", await by({}))).toBe("ada");
    expect(await call(wiring, "cancelOrder", await by({}))).toBe(denied);
    expect(await call(wiring, "cancelOrder", await by({ roles: ["editor"] }))).toBe("ada");
  },

  async "src/issuers.ts"() {
    const wiring = await wiringOf("src/issuers.ts");
    const { partner } = await issuers();
    const iss = "https://partner.example.com";
    expect(await call(wiring, "getOrder", await by({}))).toBe("ada");
    expect(await call(wiring, "getOrder", bearer(await partner.sign({ ...user, iss })))).toBe("ada");
    expect(await call(wiring, "getOrder", bearer(await partner.sign(user)))).toBe(invalid);
    expect(await call(wiring, "getOrder", await by({ iss }))).toBe(invalid);
  },

  async "src/gateway.ts"() {
    const wiring = await wiringOf("src/gateway.ts");
    const secret = { "x-gateway-secret": "the-secret-of-the-gateway" };
    const ada = { "x-user-id": "ada", "x-user-roles": "editor,guest" };
    expect(await call(wiring, "cancelOrder", { ...secret, ...ada })).toBe("ada");
    expect(await call(wiring, "cancelOrder", { ...secret, ...ada, "x-user-roles": "guest" })).toBe(denied);
    expect(await call(wiring, "cancelOrder", ada)).toBe(invalid);
    expect(await call(wiring, "cancelOrder", { ...ada, "x-gateway-secret": "a guess" })).toBe(invalid);
    expect(await call(wiring, "getOrder", secret)).toBe(missing);
  },

  async "src/gateway-by-address.ts"() {
    const wiring = await wiringOf("src/gateway-by-address.ts");
    expect(await call(wiring, "getOrder", { "x-user-id": "ada" })).toBe("ada");
    const { contextValues: _, ...unrecorded } = wiring;
    expect(await call(unrecorded, "getOrder", { "x-user-id": "ada" })).toBe(invalid);
  },

  async "src/session.ts"() {
    const wiring = await wiringOf("src/session.ts");
    expect(await call(wiring, "cancelOrder", { cookie: "theme=dark; session=s3cr3t" })).toBe("ada");
    expect(await call(wiring, "cancelOrder", { cookie: "session=guess" })).toBe(invalid);
    expect(await call(wiring, "getOrder", { cookie: "theme=dark" })).toBe(missing);
  },

  // `shop()` runs the command.
  async oauth4webapi() {
    expect(JSON.parse((await installed()).read("package.json")).dependencies).toHaveProperty("oauth4webapi");
  },

  async "src/opaque-tokens.ts"() {
    const wiring = await wiringOf("src/opaque-tokens.ts");
    const { provider } = await issuers();
    provider.behave("well", (description) => ({ ...description, aud: "shop" }));
    expect(await call(wiring, "getOrder", bearer(await provider.issueUserToken("grace")))).toBe("grace");
    expect(await call(wiring, "getOrder", bearer("unknown"))).toBe(invalid);
    expect(await call(wiring, "getOrder", await by({}))).toBe("ada");
    expect(await call(wiring, "getOrder", await forged())).toBe(invalid);
    expect(await call(wiring, "getOrder")).toBe(missing);
    provider.behave("well");
    expect(await call(wiring, "getOrder", bearer(await provider.issueUserToken("grace")))).toBe(invalid);
  },

  async "src/delegation.ts"() {
    const { auth, audit } = await snippet<{ auth: Wiring; audit: string[] }>("src/delegation.ts");
    expect(await call(auth, "getOrder", await by({ act: { sub: "billing" } }))).toBe("ada");
    expect(await call(auth, "getOrder", await by({}))).toBe("ada");
    expect(await call(auth, "getOrder", await by({ act: "billing" }))).toBe(invalid);
    await expect.poll(() => audit.at(-1)).toBe("nobody deny GetOrder");
    expect([...new Set(audit)].slice(0, 2)).toEqual(["ada by billing allow GetOrder", "ada allow GetOrder"]);
  },

  async "src/api-key.ts"() {
    const wiring = await wiringOf("src/api-key.ts");
    expect(await call(wiring, "getOrder", { "x-api-key": "key-1" })).toBe("ada");
    expect(await call(wiring, "cancelOrder", { "x-api-key": "key-1" })).toBe(denied);
    expect(await call(wiring, "getOrder", { "x-api-key": "key-2" })).toBe(invalid);
    expect(await call(wiring, "getOrder")).toBe(missing);
  },

  async "src/internal.ts"() {
    const wiring = await wiringOf("src/internal.ts");
    const { partner } = await issuers();
    const service = await partner.sign({ sub: "orders", iss: "https://services.example.com", aud: "shop" });
    expect(await call(wiring, "settleOrders", { "x-service-token": service })).toBe("orders");
    expect(await call(wiring, "settleOrders", { "x-internal-secret": "the-secret-of-billing" })).toBe("billing");
    expect(await call(wiring, "settleOrders", { "x-internal-secret": "a guess" })).toBe(invalid);
    expect(await call(wiring, "settleOrders", await by({}))).toBe(missing);
    expect(await call(wiring, "settleOrders", { "x-service-token": (await partner.sign(user)) as string })).toBe(
      invalid,
    );
    expect(await call(wiring, "getOrder", await by({}))).toBe("ada");
  },

  async "src/mesh.ts"() {
    const wiring = await wiringOf("src/mesh.ts");
    const cert = (uri: string) => ({ "x-forwarded-client-cert": `Hash=1;URI=spiffe://cluster.local/ns/${uri}` });
    expect(await call(wiring, "settleOrders", cert("shop/sa/orders"))).toContain("shop/sa/orders");
    expect(await call(wiring, "settleOrders", cert("billing/sa/any"))).toContain("billing/sa/any");
    expect(await call(wiring, "settleOrders", cert("shop/sa/web"))).toBe(invalid);
    expect(await call(wiring, "settleOrders", await by({}))).toBe(missing);
    expect(await call(wiring, "settleOrders")).toBe(missing);
    expect(await call(wiring, "getOrder", await by({}))).toBe("ada");
    expect(await call(wiring, "getOrder", cert("shop/sa/orders"))).toBe(missing);
    expect(await call(wiring, "listProducts")).toBe("anonymous");
  },

  async "src/optional.ts"() {
    const wiring = await wiringOf("src/optional.ts");
    expect(await call(wiring, "listProducts")).toBe("anonymous");
    expect(await call(wiring, "listProducts", await by({}))).toBe("ada");
    expect(await call(wiring, "listProducts", await forged())).toBe(invalid);
  },

  // `shop()` runs the command.
  async keyv() {
    expect(JSON.parse((await installed()).read("package.json")).dependencies).toHaveProperty("keyv");
  },

  async "src/shared-cache.ts"() {
    const wiring = await wiringOf("src/shared-cache.ts");
    const token = await by({});
    for (let i = 0; i < 3; i++) expect(await call(wiring, "getOrder", token)).toBe("ada");
    expect(await call(wiring, "getOrder", await forged())).toBe(invalid);
  },

  async "src/proofs.ts"() {
    const wiring = await wiringOf("src/proofs.ts");
    const client = await createBoundClient();
    const { authorization } = await by({ cnf: { jkt: client.thumbprint } });
    const token = (authorization as string).slice("Bearer ".length);
    const htu = "https://api.example.com/shop.v1.OrderService/GetOrder";
    const proven = async (to = htu) => ({
      authorization: `DPoP ${token}`,
      dpop: await client.proof({ htm: "POST", htu: to, ath: hashOf(token) }),
    });
    const server = await serve(wiring);
    const { getOrder } = await clientOf(createGrpcTransport({ baseUrl: server.http2Url }));
    const get = (headers: object) => outcome(server, getOrder({}, { headers }));
    const first = await proven();
    expect(await get(first)).toBe("ada");
    expect(await get(first)).toBe(invalid);
    expect(await get(await proven())).toBe("ada");
    expect(await get(await proven(`${htu}s`))).toBe(invalid);
    expect(await get(bearer(token))).toBe(invalid);
    expect(await get(await by({}))).toBe(invalid);
    expect(await get(await by({ cnf: { "x5t#S256": client.thumbprint } }))).toBe(invalid);
    server.close();
  },

  async "src/replays.ts"() {
    const { replays } = await snippet<{ replays: ReplayStore }>("src/replays.ts");
    expect([await replays.add("a", 1_000), await replays.add("a", 1_000), await replays.add("b", 1_000)]).toEqual([
      true,
      false,
      true,
    ]);
  },

  async "src/dpop-client.ts"() {
    const { interceptors } = await snippet<{ interceptors: Interceptor[] }>("src/dpop-client.ts");
    let sent = new Headers();
    const look: Interceptor = () => (req) => {
      sent = req.header;
      throw new ConnectError("enough");
    };
    const transport = createConnectTransport({
      baseUrl: "http://127.0.0.1:1",
      httpVersion: "1.1",
      interceptors: [...interceptors, look],
    });
    const client = await clientOf(transport);
    await expect(client.getOrder({}, {})).rejects.toThrow("enough");
    expect(sent.get("authorization")).toBe("DPoP a-token");
    expect(decodeJwt(sent.get("dpop") ?? "")).toMatchObject({ htm: "POST", ath: hashOf("a-token") });
  },

  async "src/security-events.ts"() {
    const { auth, receiveEvents } = await snippet<{
      auth: Wiring;
      receiveEvents(request: Request): Promise<Response>;
    }>("src/security-events.ts");
    const [ada, bob] = [await by({}), await by({ sub: "bob" })];
    const event = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
    const sub_id = { format: "iss_sub", iss: "https://login.example.com", sub: "ada" };
    const aud = "https://api.example.com/events";
    const claims = { aud, jti: "event-1", sub_id, events: { [event]: {} } };
    const { login } = await issuers();
    const token = await login.sign({ ...user, ...claims }, { header: { typ: "secevent+jwt" } });
    const request = (type: string) =>
      new Request(aud, {
        method: "POST",
        headers: { "content-type": type },
        body: token,
      });
    expect(await call(auth, "getOrder", ada)).toBe("ada");
    expect((await receiveEvents(request("text/plain"))).status).toBe(400);
    expect((await receiveEvents(request("application/secevent+jwt"))).status).toBe(202);
    expect([await call(auth, "getOrder", ada), await call(auth, "getOrder", bob)]).toEqual([invalid, "bob"]);
  },

  async "src/protected-resource.ts"() {
    const auth = await wiringOf("src/protected-resource.ts");
    const server = await serve(auth);
    const metadata = await fetch(`${server.http1Url}/.well-known/oauth-protected-resource/shop`);
    expect(await metadata.json()).toMatchObject({
      resource: "https://api.example.com/shop",
      scopes_supported: ["orders:write"],
    });
    const client = await clientOf(createGrpcTransport({ baseUrl: server.http2Url }));
    const headers = await by({ scope: "orders:read" });
    const call = client.importOrders((async function* () {})(), { headers }) as Promise<unknown>;
    challenge = await call.then(
      () => "ok",
      (error) => ConnectError.from(error).metadata.get("www-authenticate") ?? "",
    );
    server.close();
  },
  async "protected resource answer"(text) {
    expect(challenge).toBe(text.trim());
  },

  async "src/revocations.ts"() {
    const wiring = await wiringOf("src/revocations.ts");
    const { signOutEverywhere } = await snippet<{ signOutEverywhere(subject: string): Promise<void> }>(
      "src/revocations.ts",
    );
    const [ada, bob] = [await by({}), await by({ sub: "bob" })];
    expect(await call(wiring, "getOrder", ada)).toBe("ada");
    await signOutEverywhere("ada");
    expect(await call(wiring, "getOrder", ada)).toBe(invalid);
    expect(await call(wiring, "getOrder", bob)).toBe("bob");
  },
};
