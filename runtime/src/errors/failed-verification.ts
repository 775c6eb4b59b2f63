import { Code, ConnectError } from "@connectrpc/connect";
import { isOutage } from "../platform/outage.js";
import { invalidToken } from "./challenge.js";
import { isInvalidCredentialError } from "./invalid-credential-error.js";
import { unauthenticated } from "./unauthenticated.js";

/**
 * The answer to a failed verification. `unavailable` where nobody could find out whether the credential is valid, so that a
 * retry makes sense. The code of a `ConnectError` that the verifier threw. `unauthenticated` otherwise.
 *
 * The text is fixed, and the cause stays on `error.cause`: a verifier's `ConnectError` may come from another service, with
 * that service's addresses and texts.
 */
export function failedVerification(cause: unknown, challenges: readonly string[]): ConnectError {
  const code = codeOf(cause);
  if (code === Code.Unauthenticated) return unauthenticated("Invalid credentials", challenges.map(invalidToken), cause);
  const text = code === Code.Unavailable ? "Authentication is unavailable" : "Authentication failed";
  return new ConnectError(text, code, undefined, undefined, cause);
}

/** The code that an error of a verifier, or of a client's token provider, stands for. */
export function codeOf(cause: unknown): Code {
  if (isConnectError(cause)) {
    // The time limit and the signal were not the caller's.
    const { code } = cause;
    return code === Code.DeadlineExceeded || code === Code.Canceled ? Code.Unavailable : code;
  }
  return isOutage(cause, isInvalidCredentialError) ? Code.Unavailable : Code.Unauthenticated;
}

/** Recognised by its shape: other realms and other copies of connect have classes of their own. */
export function isConnectError(error: unknown): error is ConnectError {
  try {
    const { name, code } = Object(error);
    return name === "ConnectError" && typeof code === "number" && Code[code] !== undefined;
  } catch {
    // A getter of the error threw.
    return false;
  }
}
