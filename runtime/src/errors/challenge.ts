import type { ConnectError } from "@connectrpc/connect";

/** The credential is not valid (RFC 6750 section 3.1); schemes other than Bearer define no error parameter. */
export function invalidToken(challenge: string): string {
  return challenge === "Bearer" ? 'Bearer error="invalid_token"' : challenge;
}

/**
 * Says on a denial that a scope is missing (RFC 6750 section 3.1), where the caller came by Bearer. Which one is not said.
 */
export function insufficientScope(denial: ConnectError, challenges: readonly string[]): void {
  if (challenges.includes("Bearer")) denial.metadata.set("www-authenticate", 'Bearer error="insufficient_scope"');
}
