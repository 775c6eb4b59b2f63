import { Code, ConnectError } from "@connectrpc/connect";
import { isOutage } from "../platform/outage.js";
import { invalidProof, invalidToken } from "./challenge.js";
import { isInvalidCredentialError } from "./invalid-credential-error.js";
import { InvalidProofError } from "./invalid-proof-error.js";
import { unauthenticated } from "./unauthenticated.js";

/**
 * Returns the error for a failed verification: `unavailable` for an outage, since a retry may work; the code of a `ConnectError`
 * of the verifier; else `unauthenticated`.
 *
 * The text is fixed, and `error.cause` keeps the cause. A verifier's `ConnectError` may contain addresses of other services.
 */
export function failedVerification(cause: unknown, challenges: readonly string[]): ConnectError {
  const code = codeOf(cause);
  if (code === Code.Unauthenticated) {
    const { code: proofError, nonce } =
      cause instanceof InvalidProofError ? cause : { code: undefined, nonce: undefined };
    const withError = proofError === undefined ? invalidToken : (one: string) => invalidProof(one, proofError);
    const error = unauthenticated("Invalid credentials", challenges.map(withError), cause);
    if (nonce !== undefined) error.metadata.set("dpop-nonce", nonce);
    return error;
  }
  const text = code === Code.Unavailable ? "Authentication is unavailable" : "Authentication failed";
  return new ConnectError(text, code, undefined, undefined, cause);
}

/** Returns the code for an error of a verifier or of a client's token provider. */
export function codeOf(cause: unknown): Code {
  if (isConnectError(cause)) {
    // Another call's deadline or signal, not the caller's.
    const { code } = cause;
    return code === Code.DeadlineExceeded || code === Code.Canceled ? Code.Unavailable : code;
  }
  return isOutage(cause, isInvalidCredentialError) ? Code.Unavailable : Code.Unauthenticated;
}

/** Recognises the error by its shape: other realms and other copies of connect have classes of their own. */
export function isConnectError(error: unknown): error is ConnectError {
  try {
    const { name, code } = Object(error);
    return name === "ConnectError" && typeof code === "number" && Code[code] !== undefined;
  } catch {
    // A getter of the error threw.
    return false;
  }
}
