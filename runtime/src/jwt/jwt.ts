import { findBearerToken } from "../headers/bearer-token.js";
import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import { createIssuerDirectory } from "./issuer-directory.js";
import type { JwtOptions } from "./jwt-options.js";

/**
 * Authenticates callers by a JSON Web Token in `Authorization: Bearer` (RFC 7519, RFC 6750), or in `Authorization: DPoP` with a
 * proof of possession (RFC 9449). Follows RFC 8725.
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
  const { cache = {}, ...issuers } = ownMembers(options);
  const { present, schemes, ...verification } = createIssuerDirectory(issuers, "jwt");
  return {
    name: "jwt",
    challenge: schemes?.challenges ?? "Bearer",
    metadata: schemes?.metadata ?? {},
    takesBearer: true,
    trustedHeaders: [],
    cache,
    ...verification,
    read(source) {
      if (schemes !== undefined) {
        const found = schemes.read(source);
        return found && { ...present(found.token), prove: found.prove };
      }
      const token = findBearerToken(source.header);
      return token === undefined ? undefined : present(token);
    },
  };
}
