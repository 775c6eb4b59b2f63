import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { type CredentialsOptions, credentials } from "../schemes/credentials.js";
import { authenticateBy } from "./authenticate-by.js";

export interface AuthInterceptorOptions extends CredentialsOptions, AuthenticationOptions {}

/**
 * Authenticates callers by a credential of your own.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createAuthInterceptor(options: AuthInterceptorOptions): Interceptor {
  return authenticateBy(options, credentials);
}
