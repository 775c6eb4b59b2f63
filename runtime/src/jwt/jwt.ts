import { findBearerToken } from "../headers/bearer-token.js";
import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import { createIssuerDirectory } from "./issuer-directory.js";
import type { JwtOptions } from "./jwt-options.js";

/**
 * Callers present a JSON Web Token as a Bearer token (RFC 7519, RFC 6750, verified by the rules of RFC 8725).
 *
 * @throws TypeError for a misconfiguration, and for a key that cannot verify tokens or that others could sign by.
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
  const { cache = {}, ...issuers } = ownMembers(options);
  const directory = createIssuerDirectory(issuers, "jwt");
  return {
    name: "jwt",
    challenge: "Bearer",
    takesBearer: true,
    trustedHeaders: [],
    cache,
    fingerprint: directory.fingerprint,
    accepts: directory.accepts,
    isCurrent: directory.isCurrent,
    warmUp: directory.warmUp,
    read({ header }) {
      const token = findBearerToken(header);
      return token === undefined ? undefined : directory.present(token);
    },
  };
}
