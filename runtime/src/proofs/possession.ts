import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { isPromiseLike } from "../platform/is-promise-like.js";
import { demandsOf } from "./confirmation.js";
import type { Possession, ProofOfPossession } from "./proof-of-possession.js";
import { checkScheme, compileTokenSchemes } from "./token-schemes.js";

/**
 * Compiles the options `proofs` and `allowUnboundTokens`.
 *
 * @throws TypeError for two proofs of one member of `cnf`.
 */
export function compilePossession(given: readonly ProofOfPossession[], allowsUnbound: boolean): Possession {
  const proofs = [...given].sort((a, b) => a.scheme.localeCompare(b.scheme));
  const twice = proofs.find(({ member }, i) => proofs.findIndex((other) => other.member === member) !== i);
  if (twice !== undefined) throw new TypeError(`proofs: two of them verify ${twice.member}; keep one`);
  return {
    proofs,
    allowsUnbound,
    checkClaims(claims) {
      if (demandsOf(claims, proofs).length > 0 || allowsUnbound) return;
      const text = "not bound to a key (cnf), which proofs demands; see allowUnboundTokens";
      throw new InvalidCredentialError(text, { reason: "claim", final: true });
    },
    compileSchemes: compileTokenSchemes,
    prove(claims, presented) {
      const demands = demandsOf(claims, proofs);
      checkScheme(presented, demands.some(({ proof }) => proof.scheme === "DPoP") ? "DPoP" : "Bearer");
      let pending: Promise<void> | undefined;
      for (const { proof, thumbprint } of demands) {
        const verify = () => proof.verify(thumbprint, presented);
        const next = pending === undefined ? verify() : pending.then(verify);
        if (isPromiseLike(next)) pending = Promise.resolve(next);
      }
      return pending;
    },
  };
}
