import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import type { JwtCacheOption, JwtIssuers } from "./jwt-options.js";
import type { TokenPlaceOptions } from "./token-place.js";
import { createTokenScheme } from "./token-scheme.js";

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
  if (!("issuers" in own)) throw new TypeError("issuers: expected a list of at least one issuer");
  if ("cookie" in own) throw new TypeError("cookie: unknown option of signedTokenTrust. Services send a header");
  return { name: "service-token", internal: true, ...createTokenScheme(own, "signedTokenTrust") };
}
