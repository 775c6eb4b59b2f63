import type { Interceptor } from "@connectrpc/connect";
import { type AuthenticationOptions, createAuthenticator } from "./authenticator.js";
import type { AuthScheme } from "./scheme.js";
import { type CredentialsOptions, credentials } from "./schemes/credentials.js";

export interface AuthInterceptorOptions extends CredentialsOptions, AuthenticationOptions {}

/**
 * Authenticates callers by a credential of your own.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createAuthInterceptor(options: AuthInterceptorOptions): Interceptor {
  return authenticateBy(credentials(options), options);
}

/** The pipeline with one scheme for every method. */
export function authenticateBy(scheme: AuthScheme, options: AuthenticationOptions): Interceptor {
  return createAuthenticator({ all: [scheme], for: () => [scheme] }, options).interceptor;
}
