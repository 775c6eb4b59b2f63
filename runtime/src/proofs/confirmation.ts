import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import type { ProofOfPossession } from "./proof-of-possession.js";

/** The members of `cnf` that this package can verify. Members that it does not know are ignored (RFC 7800 section 3.1). */
const known = ["jkt", "x5t#S256"] as const;

/** A proof that a token demands. */
export interface Demand {
  readonly proof: ProofOfPossession;
  /** SHA-256 in base64url. */
  readonly thumbprint: string;
}

/**
 * Returns the proofs that the claim `cnf` of a token demands (RFC 7800 section 3.1), in the order of `proofs`. None for a token
 * without the claim.
 *
 * @throws InvalidCredentialError with reason `bound` for a token that is bound in another way.
 */
export function demandsOf(claims: object, proofs: readonly ProofOfPossession[]): readonly Demand[] {
  if (!Object.hasOwn(claims, "cnf")) return [];
  const { cnf } = claims as { readonly cnf?: unknown };
  if (typeof cnf !== "object" || cnf === null || Array.isArray(cnf)) refuse("its cnf is not an object");
  const confirmation = cnf as Readonly<Record<string, unknown>>;
  const unproven = known.find(
    (name) => Object.hasOwn(confirmation, name) && !proofs.some((one) => one.member === name),
  );
  if (unproven !== undefined) refuse(`proofs has none for the member ${unproven} of its cnf`);
  const demands = proofs
    .filter(({ member }) => Object.hasOwn(confirmation, member))
    .map((proof): Demand => {
      const thumbprint = confirmation[proof.member];
      if (typeof thumbprint !== "string" || !/^[\w-]{43}$/.test(thumbprint)) refuse(`its ${proof.member} is malformed`);
      return { proof, thumbprint };
    });
  if (demands.length === 0) refuse("no member of its cnf is known");
  return demands;
}

function refuse(problem: string): never {
  throw new InvalidCredentialError(`bound to a key (cnf), but ${problem}`, { reason: "bound", final: true });
}
