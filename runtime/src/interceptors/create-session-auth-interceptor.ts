import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { type SessionOptions, session } from "../schemes/session.js";
import { authenticateBy } from "./authenticate-by.js";

export interface SessionAuthInterceptorOptions<S> extends SessionOptions<S>, AuthenticationOptions {}

/**
 * Authenticates callers by their session in a framework of yours.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createSessionAuthInterceptor<S>(options: SessionAuthInterceptorOptions<S>): Interceptor {
  return authenticateBy(options, (scheme) => session<S>(scheme));
}
