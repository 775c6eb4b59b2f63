import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { type SessionOptions, session } from "../schemes/session.js";
import { authenticateBy } from "./authenticate-by.js";

export interface SessionAuthInterceptorOptions<S> extends SessionOptions<S>, AuthenticationOptions {}

/**
 * Authenticates callers by a session of your framework.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const authentication = createSessionAuthInterceptor({
 *   cookie: "session",
 *   verifySession: (token) => sessions.find(token),
 *   mapSession: ({ user, expiresAt }) => ({ subject: user.id, roles: user.roles, expiresAt }),
 * });
 */
export function createSessionAuthInterceptor<S>(options: SessionAuthInterceptorOptions<S>): Interceptor {
  return authenticateBy(options, (scheme) => session<S>(scheme));
}
