import type { Interceptor } from "@connectrpc/connect";
import { type AuthContext, authContextKey } from "@connectum/auth";
import { tryIt } from "./call.js";

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The identity that is published for a call with this token; undefined where it is refused. */
export async function identityOf(interceptor: Interceptor, token: string): Promise<AuthContext | undefined> {
  let identity: AuthContext | undefined;
  const look: Interceptor = (next) => (req) => {
    identity = req.contextValues.get(authContextKey);
    return next(req);
  };
  await tryIt([interceptor, look], bearer(token));
  return identity;
}

/** Why the token is refused, as the server's log may say; undefined where it is let in. */
export async function refusalOf(interceptor: Interceptor, headers: HeadersInit): Promise<unknown> {
  let cause: unknown;
  const catcher: Interceptor = (next) => (req) =>
    next(req).catch((error) => {
      cause = error.cause;
      throw error;
    });
  await tryIt([catcher, interceptor], headers);
  return cause;
}
