import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Says that a credential is not valid, and that asking again will not change
 * that. The message and the cause are for the server's log.
 */
export class InvalidCredentialError extends Error {
  override readonly name = "InvalidCredentialError";
}

/** Nothing was presented where a credential is needed: `unauthenticated`, with a challenge for each scheme. */
export function missingCredentials(challenges: readonly string[]): ConnectError {
  return challenge("Missing credentials", challenges);
}

/** The caller outlived its credential. */
export function expiredCredentials(challenges: readonly string[]): ConnectError {
  return challenge("Credentials expired", challenges.map(invalidToken));
}

/**
 * What a failed verification tells the client: `unavailable` where it could not
 * be carried out, so that a retry makes sense; `unauthenticated` otherwise. The
 * text is fixed; the cause stays on `error.cause`.
 */
export function failedVerification(cause: unknown, challenges: readonly string[]): ConnectError {
  if (isUnreachable(cause)) {
    return new ConnectError("Authentication is unavailable", Code.Unavailable, undefined, undefined, cause);
  }
  return challenge("Invalid credentials", challenges.map(invalidToken), cause);
}

function challenge(message: string, challenges: readonly string[], cause?: unknown): ConnectError {
  const metadata = new Headers();
  for (const value of challenges) metadata.append("www-authenticate", value);
  return new ConnectError(message, Code.Unauthenticated, metadata, undefined, cause);
}

/** RFC 6750 section 3.1; other schemes define no error parameter. */
function invalidToken(scheme: string): string {
  return scheme === "Bearer" ? 'Bearer error="invalid_token"' : scheme;
}

const unreachableCodes: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Whether an error, or what caused it, says that something could not be reached in time. */
function isUnreachable(cause: unknown): boolean {
  for (let error = cause, depth = 0; error instanceof Error && depth < 8; error = error.cause, depth++) {
    const { code, name } = error as Error & { code?: unknown };
    if (unreachableCodes.has(code) || name === "TimeoutError" || String(code).startsWith("UND_ERR_")) return true;
  }
  return false;
}
