import { findBearerToken } from "../headers/bearer-token.js";
import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import { createIssuerDirectory } from "./issuer-directory.js";
import type { JwtOptions } from "./jwt-options.js";
import { compileTokenPlace } from "./token-place.js";

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
  const own = ownMembers(options);
  const { cache = {}, header: _, cookie: __, ...issuers } = own;
  const { present, schemes, ...verification } = createIssuerDirectory(issuers, "jwt", cache);
  const place = compileTokenPlace(own, schemes !== undefined);
  return {
    name: "jwt",
    challenge: place === undefined ? (schemes?.challenges ?? "Bearer") : undefined,
    metadata: schemes?.metadata ?? {},
    takesBearer: place === undefined,
    trustedHeaders: place?.trustedHeaders ?? [],
    cache,
    ...verification,
    read(source) {
      if (schemes !== undefined) {
        const found = schemes.read(source);
        return found && { ...present(found.token), prove: found.prove };
      }
      const token = place === undefined ? findBearerToken(source.header) : place.read(source.header);
      return token === undefined ? undefined : present(token);
    },
  };
}
