import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { type CredentialsOptions, credentials } from "../schemes/credentials.js";
import { authenticateBy } from "./authenticate-by.js";

export interface AuthInterceptorOptions extends CredentialsOptions, AuthenticationOptions {}

/**
 * Authenticates callers by a custom credential, such as an API key.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const authentication = createAuthInterceptor({
 *   extractCredentials: (headers) => headers.get("x-api-key"),
 *   verifyCredentials: async (key) => {
 *     const found = await apiKeys.find(key);
 *     return found && { subject: found.owner };
 *   },
 * });
 */
export function createAuthInterceptor(options: AuthInterceptorOptions): Interceptor {
  return authenticateBy(options, credentials);
}
