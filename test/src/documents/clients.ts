import { createServer } from "node:http";
import { connect } from "node:net";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { ServicePolicy } from "@connectum/auth";
import Provider from "oidc-provider";
import { expect } from "vitest";
import { by, issuers, wiringOf } from "./authentication.js";
import type { Runs } from "./runs.js";
import { call, clientOf, listen, outcome, parts, type Server, serve, snippet } from "./shop.js";

const missing = "Unauthenticated: Missing credentials";
const invalid = "Unauthenticated: Invalid credentials";

/** A certified provider that issues tokens to services, each for one audience, and counts them. */
async function startProvider() {
  const server = createServer((request, response) => {
    if (request.url === "/token") provided.requests++;
    if (provided.isDown && request.url === "/token") response.writeHead(503).end();
    else answer(request, response);
  });
  const issuer = await listen(server);
  const provided = {
    issuer,
    jwksUri: `${issuer}/jwks`,
    requests: 0,
    isDown: false,
    stop: () => server.close(),
  };
  const client = { client_id: "billing", client_secret: "the-secret-of-billing", grant_types: ["client_credentials"] };
  const answer = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [], response_types: [] }],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, audience: string) => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  }).callback();
  return provided;
}

/** Calls with these interceptors. */
async function callWith(server: Server, interceptors: Interceptor[]): Promise<string> {
  const client = await clientOf(createGrpcTransport({ baseUrl: server.http2Url, interceptors }));
  server.subject = undefined;
  return outcome(server, client.getOrder({}, {}));
}

/** docs/clients.md, in the project of the shop. */
export const clients: Runs = {
  async "src/clients.ts"() {
    await issuers();
    const { bearer, onBehalf } = await snippet<{ bearer: Interceptor; onBehalf: Interceptor }>("src/clients.ts");

    // A server that accepts one token, reached by the name that the snippet trusts and by another.
    const { runtime, policies } = await parts();
    const verifyCredentials = (token: string) => (token === "a-token" ? { subject: "ada" } : null);
    const shop = await serve(
      runtime.createAuth({ policies, authenticate: runtime.credentials({ verifyCredentials }) }),
    );
    const at = (baseUrl: string) => {
      const createConnection = () => connect(Number(new URL(shop.http1Url).port), "127.0.0.1");
      const nodeOptions = { createConnection } as object;
      return createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [bearer], nodeOptions });
    };
    expect(await outcome(shop, (await clientOf(at("https://api.example.com"))).getOrder({}, {}))).toBe("ada");
    expect(await outcome(shop, (await clientOf(at("https://elsewhere.example.com"))).getOrder({}, {}))).toBe(missing);
    shop.close();

    // One service calls another: the second sees the caller of the first.
    const trustSource = { header: "x-gateway-secret", secrets: "the-secret-of-the-gateway" };
    const behind = await serve(runtime.createAuth({ policies, authenticate: runtime.gateway({ trustSource }) }));
    const client = await clientOf(createGrpcTransport({ baseUrl: behind.http2Url, interceptors: [onBehalf] }));
    const forward = { getOrder: async () => ((await client.getOrder({}, {})) as object) ?? {} };
    await call(await wiringOf("src/own-chain.ts"), "getOrder", await by({ sub: "grace" }), {}, forward);
    expect(behind.subject).toBe("grace");
    expect(await outcome(behind, client.getOrder({}, {}))).toBe(missing);
    behind.close();
  },

  async "src/clients/services.ts"() {
    const provider = await startProvider();
    Object.assign(process.env, { TOKEN_ENDPOINT: `${provider.issuer}/token`, CLIENT_SECRET: "the-secret-of-billing" });
    const { toShop, toStock } = await snippet<Record<"toShop" | "toStock", Interceptor>>("src/clients/services.ts");
    const { runtime, policies } = await parts();
    const { issuer, jwksUri } = provider;
    const audience = "https://shop.example.com";
    const shop = await serve(
      runtime.createAuth({ policies, authenticate: runtime.jwt({ jwksUri, issuer, audience }) }),
    );
    try {
      provider.isDown = true;
      expect(await callWith(shop, [toShop])).toBe("Unavailable: The token provider failed");
      provider.isDown = false;
      provider.requests = 0;
      expect(await Promise.all([callWith(shop, [toShop]), callWith(shop, [toShop])])).toEqual(["billing", "billing"]);
      expect(await callWith(shop, [toShop])).toBe("billing");
      expect(provider.requests).toBe(1);
      expect(await callWith(shop, [toStock])).toBe(invalid);
      expect(provider.requests).toBe(2);
      process.env["CLIENT_SECRET"] = "a guess";
      expect(await callWith(shop, [toStock])).toBe("Unauthenticated: The token provider failed");
    } finally {
      shop.close();
      provider.stop();
    }
  },

  async "src/clients/page.ts"() {
    const { createSession } = await snippet<{
      createSession(user: object | undefined): { bearer: Interceptor; showsCancel: boolean };
    }>("src/clients/page.ts");
    let sent = new Headers();
    const look: Interceptor = () => (req) => {
      sent = req.header;
      throw new ConnectError("enough");
    };
    const { refresh, count } = counted(() => ({ token: "t", expiresAt: new Date(Date.now() + 60_000) }));
    const authorizationOf = async (session: { bearer: Interceptor }, method: "getOrder" | "listProducts", url = "") => {
      const transport = createConnectTransport({
        baseUrl: url || "https://api.example.com",
        httpVersion: "1.1",
        interceptors: [session.bearer, look],
      });
      const client = await clientOf(transport);
      await expect(client[method]({}, {})).rejects.toThrow("enough");
      return sent.get("authorization");
    };
    const session = createSession({ roles: ["editor"], refresh });
    expect(session.showsCancel).toBe(true);
    for (let i = 0; i < 3; i++) expect(await authorizationOf(session, "getOrder")).toBe("Bearer t");
    expect(count()).toBe(1);
    expect(await authorizationOf(session, "listProducts")).toBe(null);
    expect(await authorizationOf(session, "getOrder", "https://elsewhere.example.com")).toBe(null);
    expect(createSession({ roles: ["viewer"], refresh }).showsCancel).toBe(false);
    const nobody = createSession(undefined);
    expect([nobody.showsCancel, await authorizationOf(nobody, "getOrder")]).toEqual([false, null]);
  },

  async "src/clients/advice.ts"() {
    const { adviceOn } = await snippet<{ adviceOn(error: unknown): string }>("src/clients/advice.ts");
    const { runtime, policies } = await parts();
    const { login } = await issuers();
    const GetOrder = { access: "requires", roles: [], scopes: [], maxAgeSeconds: 60 } as const;
    const strict: ServicePolicy[] = policies.map((table) => ({
      ...table,
      methods: { ...table.methods, ...("GetOrder" in table.methods && { GetOrder }) },
    }));
    const jwksUri = login.jwksUri.replace(/:\d+/, ":1");
    const schemeOf = (uri: string) =>
      runtime.jwt({ jwksUri: uri, issuer: "https://login.example.com", audience: "shop" });
    const [well, down, stern] = await Promise.all([
      serve(runtime.createAuth({ policies, authenticate: schemeOf(login.jwksUri) })),
      serve(runtime.createAuth({ policies, authenticate: schemeOf(jwksUri) })),
      serve(runtime.createAuth({ policies: strict, authenticate: schemeOf(login.jwksUri) })),
    ]);
    const advice = async (
      { http2Url, http1Url }: Server,
      method: "getOrder" | "cancelOrder" | "importOrders",
      headers = {},
    ) => {
      const transports = [
        createGrpcTransport({ baseUrl: http2Url }),
        createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1" }),
      ];
      const advices = new Set<string>();
      for (const transport of transports) {
        const client = await clientOf(transport);
        const request = method === "importOrders" ? (async function* () {})() : {};
        await (async () => client[method](request, { headers }))().then(
          () => advices.add("none"),
          (error) => advices.add(adviceOn(error)),
        );
      }
      return [...advices].join(" or ");
    };
    try {
      expect(await advice(well, "getOrder")).toBe("sign in");
      expect(await advice(well, "getOrder", await by({ aud: "other" }))).toBe("new token");
      expect(await advice(well, "getOrder", await by({}))).toBe("none");
      expect(await advice(well, "cancelOrder", await by({}))).toBe("give up");
      expect(await advice(well, "importOrders", await by({ scope: "orders:read" }))).toBe("ask for the scope");
      expect(await advice(down, "getOrder", await by({}))).toBe("try later");
      const now = Math.floor(Date.now() / 1000);
      expect(await advice(stern, "getOrder", await by({ auth_time: now - 3_600 }))).toBe("sign in again");
      expect(await advice(stern, "getOrder", await by({ auth_time: now }))).toBe("none");
      expect(adviceOn(new ConnectError("another fault", Code.Internal))).toBe("give up");

      // The HTTP statuses of the Connect protocol.
      const statusAt = async ({ http1Url }: Server, method: string, headers: Record<string, string>) => {
        const request = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
        return (await fetch(`${http1Url}/shop.v1.OrderService/${method}`, request)).status;
      };
      expect(await statusAt(well, "GetOrder", {})).toBe(401);
      expect(await statusAt(well, "CancelOrder", await by({}))).toBe(403);
      expect(await statusAt(down, "GetOrder", await by({}))).toBe(503);
      expect(await statusAt(well, "GetOrder", await by({}))).toBe(200);
    } finally {
      for (const server of [well, down, stern]) server.close();
    }
  },

  async "src/clients/retry.ts"() {
    const { retryOnce } = await snippet<{ retryOnce: Interceptor }>("src/clients/retry.ts");
    const { createClientBearerInterceptor, sharedToken } = await import("@connectum/auth/client");
    const { runtime, policies } = await parts();
    let current = "token-1";
    const shop = await serve(
      runtime.createAuth({
        policies,
        authenticate: runtime.credentials({
          verifyCredentials: (token) => (token === current ? { subject: "ada" } : null),
        }),
      }),
    );
    const { refresh, count } = counted(() => ({ token: current, expiresAt: new Date(Date.now() + 3_600_000) }));
    const interceptors = [retryOnce, createClientBearerInterceptor({ token: sharedToken(refresh) })];
    try {
      expect(await callWith(shop, interceptors)).toBe("ada");
      current = "token-2"; // The first one is revoked.
      expect(await callWith(shop, interceptors.slice(1))).toBe(invalid);
      expect([await callWith(shop, interceptors), count()]).toEqual(["ada", 2]);
      current = "token-3";
      expect([await callWith(shop, interceptors), count()]).toEqual(["ada", 3]);
      // A token that stays wrong is sent twice, not for ever.
      const wrong = counted(() => ({ token: "wrong", expiresAt: new Date(Date.now() + 3_600_000) }));
      const others = [retryOnce, createClientBearerInterceptor({ token: sharedToken(wrong.refresh) })];
      expect([await callWith(shop, others), wrong.count()]).toEqual([invalid, 2]);
    } finally {
      shop.close();
    }
  },
};

/** A function that counts its calls. */
function counted<T>(answer: () => T): { refresh: () => Promise<T>; count: () => number } {
  let calls = 0;
  return {
    refresh: async () => {
      calls++;
      return answer();
    },
    count: () => calls,
  };
}
