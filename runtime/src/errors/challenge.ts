import type { ConnectError } from "@connectrpc/connect";

/** Adds the error of an invalid credential (RFC 6750 section 3.1). Only Bearer defines an error parameter. */
export function invalidToken(challenge: string): string {
  return isBearer(challenge) ? withError(challenge, "invalid_token") : challenge;
}

/**
 * Adds the error of a missing scope to a denial (RFC 6750 section 3.1), for Bearer only. Does not name the scope, unless the
 * challenge does.
 */
export function insufficientScope(denial: ConnectError, challenges: readonly string[]): void {
  const challenge = challenges.find(isBearer);
  if (challenge === undefined) return;
  denial.metadata.set("www-authenticate", withError(challenge, "insufficient_scope"));
}

/** Adds the error of an authentication that does not suffice (RFC 9470 section 3). Only Bearer has error parameters. */
export function insufficientAuthentication(challenge: string): string {
  return isBearer(challenge) ? withError(challenge, "insufficient_user_authentication") : challenge;
}

/** Adds parameters (RFC 9110 section 11.2) to a challenge, for Bearer only. */
export function withParameters(challenge: string, parameters: string): string {
  if (!isBearer(challenge)) return challenge;
  return `${challenge}${challenge === "Bearer" ? " " : ", "}${parameters}`;
}

function withError(challenge: string, error: string): string {
  const parameters = challenge.slice("Bearer ".length);
  return `Bearer error="${error}"${parameters === "" ? "" : `, ${parameters}`}`;
}

function isBearer(challenge: string): boolean {
  return challenge === "Bearer" || challenge.startsWith("Bearer ");
}
