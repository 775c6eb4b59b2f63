import type { JWTPayload } from "jose";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

/**
 * Refuses a token that is bound to a key or certificate (`cnf`, RFC 7800): whoever has it must also prove that key, and nothing
 * here verifies that proof.
 *
 * @throws InvalidCredentialError
 */
export function refuseBoundToken(claims: JWTPayload): void {
  if (Object.hasOwn(claims, "cnf")) {
    throw new InvalidCredentialError("bound to a key (cnf), which nothing verified; see allowBoundTokens", {
      reason: "bound",
      final: true,
    });
  }
}
