/**
 * The reason for which a credential is not valid:
 *
 * - `malformed`: its text is not in the syntax of its kind.
 * - `ambiguous`: the call has several credentials, or a header twice.
 * - `too-large`: it exceeds a limit of `limits`.
 * - `algorithm`: it is signed by an algorithm that is not accepted.
 * - `key`: no key of the issuer fits it.
 * - `signature`: the signature does not verify.
 * - `issuer`, `audience`: it is from another issuer, or for another audience.
 * - `expired`, `not-active`: its time is over, or has not begun (`nbf`, `iat`).
 * - `claim`: another claim is missing, or has a value that is not accepted.
 * - `bound`: it is bound to a key or certificate (`cnf`) whose proof is not verified here, or came as a plain Bearer token.
 * - `proof`: the call has no valid proof of that key or certificate.
 * - `revoked`: it was revoked.
 * - `unknown`: there is no such session, secret, workload or credential.
 * - `untrusted`: identity headers came without the proof of the peer that may set them.
 * - `rejected`: any other reason, and the default for errors of your own.
 */
export type InvalidCredentialReason =
  | "malformed"
  | "ambiguous"
  | "too-large"
  | "algorithm"
  | "key"
  | "signature"
  | "issuer"
  | "audience"
  | "expired"
  | "not-active"
  | "claim"
  | "bound"
  | "proof"
  | "revoked"
  | "unknown"
  | "untrusted"
  | "rejected";

/** Options of an {@link InvalidCredentialError}. */
export interface InvalidCredentialErrorOptions {
  /** By default, `rejected`. */
  readonly reason?: InvalidCredentialReason;
  readonly cause?: unknown;
  /**
   * True if the credential can never become valid: the refusal is cached. A function, if that can change. By default, false.
   */
  readonly final?: boolean | (() => boolean);
}

/**
 * Refuses a credential. The message, the reason and the cause are for the server's log; clients see none of them.
 *
 * `onDecision` receives it as the cause of the error of a refused call.
 *
 * @example
 * credentials({
 *   async verifyCredentials(key) {
 *     const found = await apiKeys.find(key);
 *     if (found === undefined) throw new InvalidCredentialError("no such key", { reason: "unknown", final: true });
 *     return { subject: found.owner };
 *   },
 * });
 */
export class InvalidCredentialError extends Error {
  override readonly name = "InvalidCredentialError";
  readonly reason: InvalidCredentialReason;
  readonly #final: boolean | (() => boolean);

  constructor(message: string, options: InvalidCredentialErrorOptions = {}) {
    super(message, options);
    // Own members only: other code may have set a member of `Object.prototype`.
    const { reason, final } = { reason: undefined, final: undefined, ...options };
    this.reason = reason ?? "rejected";
    this.#final = final ?? false;
  }

  /** True if the refusal may be cached now. */
  get final(): boolean {
    return (typeof this.#final === "function" ? this.#final() : this.#final) === true;
  }
}

/** Recognises the error by its name: another copy of this package has a class of its own. */
export function isInvalidCredentialError(error: object): boolean {
  return error instanceof InvalidCredentialError || (error as Error).name === "InvalidCredentialError";
}
