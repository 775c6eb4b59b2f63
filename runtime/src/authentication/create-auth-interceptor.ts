import type { Interceptor } from "@connectrpc/connect";
import { authenticateBy } from "./authenticate-by.js";
import type { AuthenticationOptions } from "./authentication-options.js";
import { type CredentialsOptions, credentials } from "./schemes/credentials.js";

export interface AuthInterceptorOptions extends CredentialsOptions, AuthenticationOptions {}

/**
 * Authenticates callers by a credential of your own.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createAuthInterceptor(options: AuthInterceptorOptions): Interceptor {
  return authenticateBy(options, credentials);
}
