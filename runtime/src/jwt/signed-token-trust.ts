import { findBearerToken } from "../headers/bearer-token.js";
import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import { createIssuerDirectory } from "./issuer-directory.js";
import type { JwtCacheOption, JwtIssuers } from "./jwt-options.js";
import { compileTokenPlace, type TokenPlaceOptions } from "./token-place.js";

/** Options of {@link signedTokenTrust}. */
export interface SignedTokenTrustOptions extends JwtIssuers, JwtCacheOption, Pick<TokenPlaceOptions, "header"> {}

/**
 * Authenticates services by a JSON Web Token, signed by the service itself or by an issuer of service tokens.
 *
 * Services need their own issuer or `audience`. Otherwise users' tokens could open `internal` methods, and `createAuth`
 * throws a `TypeError`.
 *
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: jwt({ issuer, jwksUri, audience: "shop" }),
 *   internal: signedTokenTrust({
 *     header: "x-service-token",
 *     issuers: [{ issuer, jwksUri, audience: "shop-internal" }],
 *   }),
 * });
 */
export function signedTokenTrust(options: SignedTokenTrustOptions): AuthScheme {
  checkObject("signedTokenTrust", options);
  const own = ownMembers(options);
  const { cache = {}, header: _, ...issuers } = own;
  if (!("issuers" in own)) throw new TypeError("issuers: expected a list of at least one issuer");
  const { present, schemes, ...verification } = createIssuerDirectory(issuers, "signedTokenTrust", cache);
  const place = compileTokenPlace(own, schemes !== undefined);
  return {
    name: "service-token",
    challenge: place === undefined ? (schemes?.challenges ?? "Bearer") : undefined,
    takesBearer: place === undefined,
    trustedHeaders: place?.trustedHeaders ?? [],
    internal: true,
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
