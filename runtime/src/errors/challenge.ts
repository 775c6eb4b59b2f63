import type { ConnectError } from "@connectrpc/connect";

/** Adds the error of an invalid credential (RFC 6750 section 3.1). Only Bearer defines an error parameter. */
export function invalidToken(challenge: string): string {
  return challenge === "Bearer" ? 'Bearer error="invalid_token"' : challenge;
}

/**
 * Adds the error of a missing scope to a denial (RFC 6750 section 3.1), for Bearer only. Does not name the scope.
 */
export function insufficientScope(denial: ConnectError, challenges: readonly string[]): void {
  if (challenges.includes("Bearer")) denial.metadata.set("www-authenticate", 'Bearer error="insufficient_scope"');
}
