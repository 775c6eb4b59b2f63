import type { Interceptor } from "@connectrpc/connect";
import type { CreateAuthOptions, DecisionEvent, ServicePolicy } from "@connectum/auth";
import { createClientBearerInterceptor } from "@connectum/auth/client";
import { startHttpServer } from "../servers/http-server.js";
import { by, issuers } from "./authentication.js";
import { type Handlers, type MethodName, parts, type Wiring } from "./shop.js";

export type Log = (event: DecisionEvent) => void;
export type Runtime = Awaited<ReturnType<typeof parts>>["runtime"];
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

export const issuer = "https://login.example.com";

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

export const right = shopWith(() => ({}));
export const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
export const nothing = async () => ({});

/** A proxy that drops a header. */
export async function startProxy(target: string, dropped: string | undefined) {
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
export async function tablesWith(change: (methods: ServicePolicy["methods"]) => ServicePolicy["methods"]) {
  const { policies } = await parts();
  return policies.map((table) => ({ ...table, methods: change(table.methods) }));
}

export const condition = {
  cel: "request.id == caller.claims.tenant",
  holds: (caller: { readonly claims: { readonly [name: string]: unknown } }, request: { readonly id: string }) =>
    request.id !== "" && request.id === caller.claims["tenant"],
};

export const gatewayAt =
  (address: string, contextValues = true) =>
  async (log: Log) => {
    const { runtime } = await parts();
    const trustSource = { peerAddresses: [address] };
    const authenticate = runtime.gateway({ headerMapping: { subject: "x-user-id" }, trustSource });
    const auth = await shopWith(() => ({ authenticate }))(log);
    return contextValues ? { ...auth, contextValues: runtime.recordPeer } : auth;
  };
export const userId = async () => ({ "x-user-id": "ada" });

export const rule = (name: string, method: string) =>
  shopWith(() => ({ rules: [{ name, effect: "allow", methods: [`shop.v1.OrderService/${method}`] }] }));

export const bearerFor = (origin: string) =>
  createClientBearerInterceptor({ token: async () => tokenOf(await by({})), allowedOrigins: [origin] });
export const tokenOf = ({ authorization = "" }) => authorization.slice("Bearer ".length);

export const plain: Interceptor = (next) => (req) => next(req);
export const asked: Handlers = {
  async getOrder() {
    (await parts()).runtime.requireAuthContext();
    return {};
  },
};

/** Interceptors of one's own, in an order. */
export function chain(order: "right" | "reverse") {
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
