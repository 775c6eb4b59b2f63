import { Code, ConnectError } from "@connectrpc/connect";
import { isOutage } from "../platform/outage.js";
import { invalidToken } from "./challenge.js";
import { unauthenticated } from "./unauthenticated.js";

/**
 * Says that a credential is not valid. The message and the cause are for the server's log; the client sees neither.
 *
 * @example
 * credentials({
 *   async verifyCredentials(key) {
 *     const found = await apiKeys.find(key);
 *     if (found === undefined) throw new InvalidCredentialError("no such key", { final: true });
 *     return { subject: found.owner };
 *   },
 * });
 */
export class InvalidCredentialError extends Error {
  override readonly name = "InvalidCredentialError";
  readonly #final: boolean | (() => boolean);

  /** @param options - `final`: whether the refusal may be remembered; a function, where that can change. By default, false. */
  constructor(message: string, options: { readonly cause?: unknown; readonly final?: boolean | (() => boolean) } = {}) {
    super(message, options);
    this.#final = options.final ?? false;
  }

  /** Whether this credential cannot become valid by now, so that the refusal may be remembered for a while. */
  get final(): boolean {
    return (typeof this.#final === "function" ? this.#final() : this.#final) === true;
  }
}

/** The caller outlived its credential. */
export function expiredCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Credentials expired", challenges.map(invalidToken));
}

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
  return isOutage(cause, isInvalidCredential) ? Code.Unavailable : Code.Unauthenticated;
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

/** By name as well: another realm, or another copy of this package, has a class of its own. */
function isInvalidCredential(error: object): boolean {
  return error instanceof InvalidCredentialError || (error as Error).name === "InvalidCredentialError";
}
