import { Code, ConnectError } from "@connectrpc/connect";
import { unauthenticated } from "../unauthenticated.js";
import { invalidToken } from "./challenge.js";

/**
 * Says that a credential is not valid. The message and the cause are for the server's log; the client sees neither.
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
