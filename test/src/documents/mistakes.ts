import type { Interceptor } from "@connectrpc/connect";
import type { CreateAuthOptions, DecisionEvent, ServicePolicy } from "@connectum/auth";
import { createClientBearerInterceptor } from "@connectum/auth/client";
import { startHttpServer } from "../servers/http-server.js";
import { by, issuers } from "./authentication.js";
import { type Handlers, type MethodName, parts, type Wiring } from "./shop.js";

type Log = (event: DecisionEvent) => void;
type Runtime = Awaited<ReturnType<typeof parts>>["runtime"];
type Options = Partial<CreateAuthOptions>;

/** A server with a mistake, and a call that suffers from it. */
export interface Mistake {
  readonly wiring: (log: Log) => Promise<Wiring>;
  /** What the service has instead of the server's. */
  readonly own?: (wiring: Wiring) => Pick<Wiring, "interceptors">;
  readonly handlers?: Handlers;
  readonly method?: MethodName;
  readonly request?: object;
  readonly headers?: () => Promise<Record<string, string>>;
  /** Interceptors of the client. */
  readonly client?: Interceptor[];
  /** Starts a proxy in front of the server. */
  readonly proxy?: (url: string) => Promise<{ readonly url: string; stop(): Promise<void> }>;
  /** Whatever is different when the mistake is mended. */
  readonly fix: Partial<Omit<Mistake, "fix">>;
}

const issuer = "https://login.example.com";

/** The server of `src/explain.ts`, with other options. */
export function shopWith(options: (runtime: Runtime) => Options | Promise<Options>) {
  return async (onDecision: Log): Promise<Wiring> => {
    const { runtime, policies } = await parts();
    const { jwksUri } = (await issuers()).login;
    const authenticate = runtime.jwt({ jwksUri, issuer, audience: "shop" });
    const usual: CreateAuthOptions = { policies, authenticate, decisionEvents: "denied", decisionRecords: true };
    return runtime.createAuth({ ...usual, onDecision, ...(await options(runtime)) });
  };
}

/** The same, with other options of `jwt()`. */
export function jwtWith(options: object) {
  return shopWith(async (runtime) => {
    const { jwksUri } = (await issuers()).login;
    return { authenticate: runtime.jwt({ jwksUri, issuer, audience: "shop", ...options }) };
  });
}

const right = shopWith(() => ({}));
const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const nothing = async () => ({});

/** A proxy that drops a header. */
async function startProxy(target: string, dropped: string | undefined) {
  return startHttpServer(async (request, response) => {
    const headers = new Headers(request.headers as Record<string, string>);
    for (const name of [dropped ?? "x-none", "host", "connection", "transfer-encoding", "content-length"]) {
      headers.delete(name);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await fetch(`${target}${request.url}`, { method: "POST", headers, body: Buffer.concat(chunks) });
    const type = answer.headers.get("content-type") ?? "";
    response.writeHead(answer.status, { "content-type": type }).end(Buffer.from(await answer.arrayBuffer()));
  });
}

/** The tables, with other rows. */
async function tablesWith(change: (methods: ServicePolicy["methods"]) => ServicePolicy["methods"]) {
  const { policies } = await parts();
  return policies.map((table) => ({ ...table, methods: change(table.methods) }));
}

const condition = {
  cel: "request.id == caller.claims.tenant",
  holds: (caller: { readonly claims: { readonly [name: string]: unknown } }, request: { readonly id: string }) =>
    request.id !== "" && request.id === caller.claims["tenant"],
};

const gatewayAt =
  (address: string, contextValues = true) =>
  async (log: Log) => {
    const { runtime } = await parts();
    const trustSource = { peerAddresses: [address] };
    const authenticate = runtime.gateway({ headerMapping: { subject: "x-user-id" }, trustSource });
    const auth = await shopWith(() => ({ authenticate }))(log);
    return contextValues ? { ...auth, contextValues: runtime.recordPeer } : auth;
  };
const userId = async () => ({ "x-user-id": "ada" });

const rule = (name: string, method: string) =>
  shopWith(() => ({ rules: [{ name, effect: "allow", methods: [`shop.v1.OrderService/${method}`] }] }));

const bearerFor = (origin: string) =>
  createClientBearerInterceptor({ token: async () => tokenOf(await by({})), allowedOrigins: [origin] });
const tokenOf = ({ authorization = "" }) => authorization.slice("Bearer ".length);

const plain: Interceptor = (next) => (req) => next(req);
const asked: Handlers = {
  async getOrder() {
    (await parts()).runtime.requireAuthContext();
    return {};
  },
};

/** The mistakes of docs/troubleshooting.md, by the names of their blocks. Some blocks have several. */
export const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  "no credential": [
    { wiring: right, headers: nothing, fix: { headers: () => by({}) } },
    {
      wiring: right,
      headers: nothing,
      client: [bearerFor("https://elsewhere.example.com")],
      fix: { client: [createClientBearerInterceptor({ token: async () => tokenOf(await by({})) })] },
    },
    {
      wiring: right,
      headers: nothing,
      client: [createClientBearerInterceptor({ token: () => undefined })],
      fix: { client: [createClientBearerInterceptor({ token: async () => tokenOf(await by({})) })] },
    },
    {
      wiring: right,
      proxy: (url) => startProxy(url, "authorization"),
      fix: { proxy: (url) => startProxy(url, undefined) },
    },
    {
      wiring: right,
      headers: async () => ({ authorization: "Basic YWRhOnNlY3JldA==" }),
      fix: { headers: () => by({}) },
    },
    {
      wiring: right,
      headers: async () => ({ "x-authorization": (await by({}))["authorization"] ?? "" }),
      fix: { headers: () => by({}) },
    },
  ],
  audience: [{ wiring: jwtWith({ audience: "shop-api" }), fix: { headers: () => by({ aud: "shop-api" }) } }],
  issuer: [{ wiring: jwtWith({ issuer: `${issuer}/` }), fix: { wiring: jwtWith({ issuer }) } }],
  opaque: [
    {
      wiring: right,
      headers: async () => ({ authorization: "Bearer 2YotnFZFEjr1zCsicMWpAA" }),
      fix: { headers: () => by({}) },
    },
    { wiring: right, headers: async () => ({ authorization: "Bearer a.b.c.d.e" }), fix: { headers: () => by({}) } },
  ],
  "clock behind": [
    {
      wiring: right,
      headers: () => by({ nbf: secondsFromNow(30) }),
      fix: { wiring: jwtWith({ clockTolerance: 60 }) },
    },
  ],
  "clock ahead": [
    {
      wiring: right,
      headers: () => by({ iat: secondsFromNow(-330), exp: secondsFromNow(-30) }),
      fix: { wiring: jwtWith({ clockTolerance: 60 }) },
    },
  ],
  "key set": [
    {
      async wiring(log) {
        const { login } = await issuers();
        login.fail(503);
        return jwtWith({})(log);
      },
      fix: {
        async wiring(log) {
          const { login } = await issuers();
          login.fail(undefined);
          return jwtWith({})(log);
        },
      },
    },
  ],
  "own chain": [
    {
      wiring: right,
      own: () => ({ interceptors: [plain] }),
      fix: {
        own: (wiring) => (wiring as ReturnType<Runtime["createAuth"]>).withInterceptors([plain]),
      },
    },
  ],
  "own chain without gate": [
    {
      async wiring(log) {
        const { requestGate: _, ...auth } = await right(log);
        return auth;
      },
      own: () => ({ interceptors: [plain] }),
      handlers: asked,
      fix: {
        own: (wiring) => ({
          interceptors: (wiring as ReturnType<Runtime["createAuth"]>).withInterceptors([plain]).interceptors,
        }),
      },
    },
  ],
  order: [{ wiring: chain("reverse"), fix: { wiring: chain("right") } }],
  internal: [
    {
      wiring: right,
      method: "settleOrders",
      fix: {
        wiring: shopWith((runtime) => ({
          internal: runtime.sharedSecretTrust({ callers: { ada: "the-secret-of-billing" } }),
        })),
        headers: async () => ({ "x-internal-secret": "the-secret-of-billing" }),
      },
    },
  ],
  "no policy": [
    {
      wiring: right,
      method: "exportOrders",
      fix: { wiring: rule("exports", "ExportOrders") },
    },
    {
      wiring: shopWith(() => ({ policies: [] })),
      method: "exportOrders",
      fix: { wiring: right, method: "getOrder" },
    },
  ],
  "missing row": [
    {
      wiring: shopWith(async () => ({ policies: await tablesWith(({ GetOrder: _, ...others }) => others) })),
      fix: { wiring: right },
    },
  ],
  roles: [
    {
      wiring: right,
      method: "cancelOrder",
      headers: () => by({ realm_access: { roles: ["editor"] } }),
      fix: { wiring: jwtWith({ claimsMapping: { roles: "realm_access.roles" } }) },
    },
    {
      wiring: right,
      method: "cancelOrder",
      headers: () => by({ "https://example.com/roles": ["editor"] }),
      fix: { wiring: jwtWith({ claimsMapping: { roles: ["https://example.com/roles"] } }) },
    },
  ],
  role: [
    {
      wiring: right,
      method: "cancelOrder",
      headers: () => by({ roles: ["Editor"] }),
      fix: { headers: () => by({ roles: ["editor"] }) },
    },
  ],
  rule: [
    {
      wiring: rule("exports", "ExportOrder"),
      method: "exportOrders",
      fix: { wiring: rule("exports", "ExportOrders") },
    },
  ],
  "unreachable rule": [
    {
      wiring: rule("all", "CancelOrder"),
      method: "cancelOrder",
      fix: {
        wiring: shopWith(async () => ({
          policies: await tablesWith((rows) => ({
            ...rows,
            CancelOrder: { access: "requires", roles: [], scopes: [] },
          })),
        })),
      },
    },
  ],
  condition: [
    {
      wiring: shopWith(async () => ({
        policies: await tablesWith((rows) => ({
          ...rows,
          GetOrder: { access: "requires", roles: [], scopes: [], condition } as never,
        })),
      })),
      request: { id: "1" },
      fix: { headers: () => by({ tenant: "1" }) },
    },
  ],
  algorithm: [
    {
      async wiring(log) {
        return jwtWith({ algorithms: ["ES256"] })(log);
      },
      fix: { wiring: right },
    },
    {
      wiring: right,
      headers: async () => {
        const { createTestJwt } = await import("@connectum/auth/testing");
        return { authorization: `Bearer ${await createTestJwt({ iss: issuer, aud: "shop" })}` };
      },
      fix: { headers: () => by({}) },
    },
  ],
  gateway: [{ wiring: gatewayAt("10.0.0.0/8"), headers: userId, fix: { wiring: gatewayAt("127.0.0.0/8") } }],
  "gateway without recordPeer": [
    { wiring: gatewayAt("127.0.0.0/8", false), headers: userId, fix: { wiring: gatewayAt("127.0.0.0/8") } },
  ],
};

/** Interceptors of one's own, in an order. */
function chain(order: "right" | "reverse") {
  return async (onDecision: Log): Promise<Wiring> => {
    const { runtime, policies } = await parts();
    const { jwksUri } = (await issuers()).login;
    const authentication = runtime.createJwtAuthInterceptor({ jwksUri, issuer, audience: "shop" });
    const authorization = runtime.createProtoAuthzInterceptor({
      policies,
      onDecision,
      decisionEvents: "denied",
      decisionRecords: true,
    });
    return { interceptors: order === "right" ? [authentication, authorization] : [authorization, authentication] };
  };
}
