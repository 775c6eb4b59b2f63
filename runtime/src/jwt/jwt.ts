import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import type { JwtOptions } from "./jwt-options.js";
import { createTokenScheme } from "./token-scheme.js";

/**
 * Authenticates callers by a JSON Web Token (RFC 7519) in `Authorization: Bearer` (RFC 6750), in `Authorization: DPoP` with a
 * proof of possession (RFC 9449), or in another header or a cookie. Follows RFC 8725.
 *
 * Calls fail with `unauthenticated` for an invalid token, and with `unavailable` while the key set cannot be fetched.
 *
 * @throws TypeError for a misconfiguration, and for a key that is unsafe or cannot verify tokens.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: jwt({
 *     issuer: "https://login.example.com",
 *     jwksUri: "https://login.example.com/.well-known/jwks.json",
 *     audience: "shop",
 *   }),
 * });
 */
export function jwt(options: JwtOptions): AuthScheme {
  checkObject("jwt", options);
  return { name: "jwt", ...createTokenScheme(ownMembers(options), "jwt") };
}
