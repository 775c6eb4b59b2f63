import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { findBearerToken, maxCredentialLength } from "../headers/bearer-token.js";
import { headerName } from "../headers/header-name.js";
import { checkObject, ownMembers } from "../options/read-options.js";
import type { AuthScheme } from "../schemes/scheme.js";
import { createIssuerDirectory } from "./issuer-directory.js";
import type { JwtIssuers, JwtSchemeOptions } from "./jwt-options.js";

/** Options of {@link signedTokenTrust}. */
export interface SignedTokenTrustOptions extends JwtIssuers, JwtSchemeOptions {
  /** Header of the service's token, which leaves `Authorization` to the user's. Default: `Authorization: Bearer`. */
  readonly header?: string;
}

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
  const { cache = {}, header, ...issuers } = own;
  if (!("issuers" in own)) throw new TypeError("issuers: expected a list of at least one issuer");
  const { present, schemes, ...verification } = createIssuerDirectory(issuers, "signedTokenTrust");
  const name = "header" in own ? headerName(header, "header") : undefined;
  if (name !== undefined && schemes !== undefined) {
    throw new TypeError("header: tokens with proofs come in Authorization; remove header or proofs");
  }
  return {
    name: "service-token",
    challenge: name === undefined ? (schemes?.challenges ?? "Bearer") : undefined,
    takesBearer: name === undefined,
    trustedHeaders: name === undefined ? [] : [name],
    internal: true,
    cache,
    ...verification,
    read(source) {
      if (schemes !== undefined) {
        const found = schemes.read(source);
        return found && { ...present(found.token), prove: found.prove };
      }
      const token = name === undefined ? findBearerToken(source.header) : readToken(source.header, name);
      return token === undefined ? undefined : present(token);
    },
  };
}

function readToken(header: Headers, name: string): string | undefined {
  const token = header.get(name);
  if (token === null) return undefined;
  if (token.length > maxCredentialLength || !/^[\w\-.]+$/.test(token))
    throw new InvalidCredentialError(`${name}: not one token`, { reason: "malformed" });
  return token;
}
