import { InvalidCredentialError } from "./invalid-credential-error.js";

/** An error code of DPoP in a challenge (RFC 9449 sections 7.1 and 9). */
export type ProofErrorCode = "invalid_dpop_proof" | "use_dpop_nonce";

/** Refuses a call whose proof of possession is missing or invalid. The token itself is valid. */
export class InvalidProofError extends InvalidCredentialError {
  /** The error of the DPoP challenge. Undefined: the token does not fit the proof, `invalid_token`. */
  readonly code: ProofErrorCode | undefined;
  /** The nonce for the client's next proof (RFC 9449 section 9). */
  readonly nonce: string | undefined;

  constructor(message: string, code?: ProofErrorCode, nonce?: string, cause?: unknown) {
    super(message, { reason: "proof", ...(cause !== undefined && { cause }) });
    this.code = code;
    this.nonce = nonce;
  }
}
