import { flag } from "../options/check.js";
import type { OptionTable } from "../options/read-options.js";
import type { ProofOfPossession } from "./proof-of-possession.js";

/** Options of a scheme for tokens that may be bound to a key. */
export interface ProofOptions {
  /**
   * Proofs of possession: `dpop({...})`, `certificateBound()`, or both. A bound token (`cnf`) is accepted only with the proof of its
   * key, in every call. Default: none, so that bound tokens are refused.
   */
  readonly proofs?: readonly ProofOfPossession[];
  /** With `proofs`, accepts tokens that are bound to no key as well, as plain Bearer tokens. Default: false. */
  readonly allowUnboundTokens?: boolean;
  /**
   * Accepts tokens that are bound to a key or certificate (`cnf`, RFC 7800) without a proof of that key. Set it only behind
   * a proxy that verifies the proof (DPoP, RFC 9449; mutual TLS, RFC 8705). Default: false.
   */
  readonly allowBoundTokens?: boolean;
}

type Defaulted = "allowUnboundTokens" | "allowBoundTokens";

export const proofOptions = (): OptionTable<ProofOptions, Defaulted> => ({
  proofs: {
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((one) => typeof one?.compile === "function"),
    expected: "a list of proofs of possession, such as dpop({...}) or certificateBound()",
  },
  allowUnboundTokens: { ...flag, fallback: false },
  allowBoundTokens: { ...flag, fallback: false },
});

/** @throws TypeError for options that contradict each other. */
export function checkProofOptions(options: ProofOptions): void {
  const { proofs, allowBoundTokens } = options;
  if (proofs === undefined && Object.hasOwn(options, "allowUnboundTokens")) {
    throw new TypeError("allowUnboundTokens: has no effect without proofs");
  }
  if (proofs !== undefined && allowBoundTokens) {
    throw new TypeError("allowBoundTokens: accepts tokens without the proofs that proofs demands; keep one of the two");
  }
}
