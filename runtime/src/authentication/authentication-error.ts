import { Code, ConnectError } from "@connectrpc/connect";
import { withoutStackTrace } from "../without-stack-trace.js";
import { invalidToken } from "./challenge.js";

/**
 * Says that a credential is not valid. The message and the cause are for the server's log; the client sees neither.
 */
export class InvalidCredentialError extends Error {
  override readonly name = "InvalidCredentialError";
  /** Whether this credential can never become valid, so that the refusal may be remembered for a while. */
  readonly final: boolean;

  /** @param options - `final`: by default, false. */
  constructor(message: string, options: { readonly cause?: unknown; readonly final?: boolean } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.final = options.final === true;
  }
}

/** Nothing was presented where a credential is needed: `unauthenticated`, with a challenge for each scheme. */
export function missingCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Missing credentials", challenges);
}

/** The caller outlived its credential. */
export function expiredCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Credentials expired", challenges.map(invalidToken));
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
  return unauthenticated("Invalid credentials", challenges.map(invalidToken), cause);
}

function unauthenticated(message: string, challenges: readonly string[], cause?: unknown): ConnectError {
  const metadata = challenges.map((value): [string, string] => ["www-authenticate", value]);
  return withoutStackTrace(() => new ConnectError(message, Code.Unauthenticated, metadata, undefined, cause));
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
    if (error instanceof InvalidCredentialError) return false;
    const { code, name } = error as Error & { code?: unknown };
    if (unreachableCodes.has(code) || name === "TimeoutError" || String(code).startsWith("UND_ERR_")) return true;
  }
  return false;
}
