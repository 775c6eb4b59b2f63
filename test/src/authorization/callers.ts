import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { type AuthContextInit, type AuthScheme, createAuthInterceptor, credentials } from "@connectum/auth";
import { AccessService, EchoService, PlainService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes } from "../support/lab.js";

/** Who calls in these tests, by the token they present. */
export const callers: Readonly<Record<string, AuthContextInit>> = {
  wrong: { subject: "wrong", roles: ["guest"], scopes: ["lab:read"] },
  right: { subject: "right", roles: ["editor"], scopes: ["lab:read", "lab:write"] },
  admin: { subject: "admin", roles: ["admin"], scopes: ["lab:*"] },
  expired: { subject: "expired", roles: ["editor"], scopes: [], expiresAt: new Date(0) },
  service: { subject: "service" },
  billing: { subject: "billing", roles: ["billing"] },
};

const verifyCredentials = (token: string) => callers[token];

/** Callers with a token of their own. */
export const userScheme: AuthScheme = credentials({ verifyCredentials });

/** Other services, which show their token in a header of its own. */
export const serviceScheme: AuthScheme = {
  ...credentials({
    extractCredentials: (header) => header.get("x-service-token"),
    verifyCredentials: (token) => (token === "service" || token === "billing" ? callers[token] : undefined),
  }),
  internal: true,
};

/** Headers of a call by one of the callers; undefined for an anonymous call. */
export function as(caller: string | undefined): Record<string, string> {
  return caller === undefined ? {} : { authorization: `Bearer ${caller}` };
}

/** The lab in process, behind authentication that takes anonymous callers as well, and then `interceptors`. */
export function inProcess(...interceptors: readonly Interceptor[]) {
  const authentication = createAuthInterceptor({ verifyCredentials, optionalMethods: ["*"] });
  const router = { interceptors: [authentication, ...interceptors] };
  const transport = createRouterTransport(labRoutes(router), { router });
  return {
    access: createClient(AccessService, transport),
    echo: createClient(EchoService, transport),
    plain: createClient(PlainService, transport),
  };
}

/** `ok`, or the name of the code with which a call failed. */
export async function outcome(call: Promise<unknown> | AsyncIterable<unknown>): Promise<string> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
    return "ok";
  } catch (error) {
    return Code[ConnectError.from(error).code];
  }
}

export async function* streamOf<T>(...messages: readonly T[]): AsyncIterable<T> {
  yield* messages;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
