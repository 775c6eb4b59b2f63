import type { Interceptor } from "@connectrpc/connect";
import { createAuthenticationInterceptor } from "../authentication/authentication-interceptor.js";
import { type AuthenticationOptions, splitOptions } from "../authentication/authentication-options.js";
import { createAuthenticator } from "../authentication/authenticator.js";
import type { AuthScheme } from "../schemes/scheme.js";

/** Creates an authentication interceptor with one scheme for every method. */
export function authenticateBy<T extends AuthenticationOptions>(
  options: T,
  createScheme: (options: Omit<T, keyof AuthenticationOptions>) => AuthScheme,
): Interceptor {
  const { pipeline, scheme: schemeOptions } = splitOptions(options);
  const scheme = createScheme(schemeOptions);
  const authenticate = createAuthenticator({ all: [scheme], for: () => [scheme] }, pipeline);
  return createAuthenticationInterceptor(authenticate, pipeline.asyncContext);
}
