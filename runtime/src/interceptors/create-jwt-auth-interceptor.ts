import type { Interceptor } from "@connectrpc/connect";
import type { AuthenticationOptions } from "../authentication/authentication-options.js";
import { jwt } from "../jwt/jwt.js";
import type { JwtOptions } from "../jwt/jwt-options.js";
import { authenticateBy } from "./authenticate-by.js";

export type JwtAuthInterceptorOptions = JwtOptions & AuthenticationOptions;

/**
 * Authenticates callers by a JSON Web Token in `Authorization: Bearer`.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const authentication = createJwtAuthInterceptor({
 *   jwksUri: "https://login.example.com/.well-known/jwks.json",
 *   issuer: "https://login.example.com",
 *   audience: "shop",
 *   skipMethods: getPublicMethods(policies),
 * });
 */
export function createJwtAuthInterceptor(options: JwtAuthInterceptorOptions): Interceptor {
  return authenticateBy<JwtAuthInterceptorOptions>(options, (scheme) => jwt(scheme as JwtOptions));
}
