import type { JWTPayload } from "jose";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

/**
 * Rejects a token that is bound to a key or certificate (`cnf`, RFC 7800). Its caller must prove possession of the key, and
 * no option says how.
 *
 * @throws InvalidCredentialError with reason `bound`.
 */
export function rejectBoundToken(claims: JWTPayload): void {
  if (Object.hasOwn(claims, "cnf")) {
    throw new InvalidCredentialError(
      "bound to a key (cnf) whose proof is not verified here; see proofs and allowBoundTokens",
      {
        reason: "bound",
        final: true,
      },
    );
  }
}
