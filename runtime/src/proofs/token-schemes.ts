import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { findBearerToken } from "../headers/bearer-token.js";
import { readDpopToken } from "../headers/dpop-token.js";
import type { PresentedToken, TokenIssuers, TokenScheme, TokenSchemes } from "./proof-of-possession.js";

/** Compiles the authentication schemes of issuers of which at least one demands proofs. */
export function compileTokenSchemes({ possessions, possessionOf }: TokenIssuers): TokenSchemes {
  const proofs = [...new Set(possessions.flatMap((one) => one?.proofs ?? []))];
  const takesDpop = proofs.some(({ scheme }) => scheme === "DPoP");
  const takesBearer = possessions.some(
    (one) => one === undefined || one.allowsUnbound || one.proofs.some(({ scheme }) => scheme === "Bearer"),
  );
  const challenges = proofs.map(({ challenge }) => challenge).concat(takesBearer ? "Bearer" : []);
  return {
    // Bearer first: clients that know nothing else, such as MCP's, read the first challenge alone.
    challenges: [...new Set(challenges)].sort(),
    metadata: Object.assign(
      {},
      ...proofs.map(({ metadata }) => metadata),
      takesBearer ? {} : { dpop_bound_access_tokens_required: true },
    ),
    read(source) {
      const bound = takesDpop ? readDpopToken(source.header) : undefined;
      const token = bound ?? findBearerToken(source.header);
      if (token === undefined) return undefined;
      const presented: PresentedToken = { token, scheme: bound === undefined ? "Bearer" : "DPoP", source };
      return {
        token,
        prove({ claims }) {
          const possession = possessionOf(token);
          // Tokens of an issuer without proofs come as Bearer, also beside issuers with proofs.
          return possession === undefined ? checkScheme(presented, "Bearer") : possession.prove(claims, presented);
        },
      };
    },
  };
}

/**
 * Refuses a token in another authentication scheme than its own. A bound token as Bearer would be a downgrade (RFC 9449 section
 * 7.2), and an unbound one as DPoP has no key.
 *
 * @throws InvalidCredentialError
 */
export function checkScheme({ scheme }: PresentedToken, expected: TokenScheme): void {
  if (scheme === expected) return;
  throw new InvalidCredentialError(`a token for ${expected} came as ${scheme}`, { reason: "bound" });
}
