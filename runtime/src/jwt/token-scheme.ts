import { findBearerToken } from "../headers/bearer-token.js";
import type { AuthScheme } from "../schemes/scheme.js";
import { createIssuerDirectory } from "./issuer-directory.js";
import type { JwtOptions } from "./jwt-options.js";
import { compileTokenPlace } from "./token-place.js";

/**
 * Creates a scheme without a name: it finds a token, and verifies it with the keys of its issuer.
 *
 * @param own - options without a prototype.
 * @throws TypeError for a misconfiguration.
 */
export function createTokenScheme(own: JwtOptions, owner: string): Omit<AuthScheme, "name"> {
  const { cache = {}, header: _, cookie: __, ...issuers } = own;
  const { present, schemes, ...verification } = createIssuerDirectory(issuers, owner, cache);
  const place = compileTokenPlace(own, schemes !== undefined);
  return {
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
