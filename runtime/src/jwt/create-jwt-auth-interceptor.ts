import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authenticator.js";
import { authenticateBy } from "../authentication/create-auth-interceptor.js";
import { jwt } from "./jwt.js";
import type { JwtOptions } from "./jwt-options.js";

export interface JwtAuthInterceptorOptions extends JwtOptions, AuthenticationOptions {}

/**
 * Authenticates callers by a JSON Web Token.
 *
 * @throws TypeError for a misconfiguration.
 */
export function createJwtAuthInterceptor(options: JwtAuthInterceptorOptions): Interceptor {
  return authenticateBy(jwt(options), options);
}
