import type { ConnectError } from "@connectrpc/connect";

/**
 * Adds the error of an invalid credential (RFC 6750 section 3.1, RFC 9449 section 7.1). Only Bearer and DPoP define an error
 * parameter.
 */
export function invalidToken(challenge: string): string {
  return takesError(challenge) ? withError(challenge, "invalid_token") : challenge;
}

/** Adds the error of an invalid proof, for DPoP only: the Bearer scheme has none. */
export function invalidProof(challenge: string, code: string): string {
  return challenge.startsWith("DPoP ") ? withError(challenge, code) : challenge;
}

/**
 * Adds the error of a missing scope to a denial (RFC 6750 section 3.1), for Bearer and DPoP only. Does not name the scope, unless
 * the challenge does.
 */
export function insufficientScope(denial: ConnectError, challenges: readonly string[]): void {
  for (const challenge of new Set(challenges.filter(takesError))) {
    denial.metadata.append("www-authenticate", withError(challenge, "insufficient_scope"));
  }
}

/** Adds the error of an authentication that does not suffice (RFC 9470 section 3). For Bearer and DPoP only. */
export function insufficientAuthentication(challenge: string): string {
  return takesError(challenge) ? withError(challenge, "insufficient_user_authentication") : challenge;
}

/** Adds parameters (RFC 9110 section 11.2) to a challenge, for Bearer and DPoP only. */
export function withParameters(challenge: string, parameters: string): string {
  if (!takesError(challenge)) return challenge;
  return `${challenge}${challenge.includes(" ") ? "," : ""} ${parameters}`;
}

function withError(challenge: string, error: string): string {
  const [scheme, ...parameters] = challenge.split(" ");
  const rest = parameters.length === 0 ? "" : `, ${parameters.join(" ")}`;
  return `${scheme} error="${error}"${rest}`;
}

function takesError(challenge: string): boolean {
  return /^(?:Bearer|DPoP)(?: |$)/.test(challenge);
}
