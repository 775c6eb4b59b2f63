import type { CryptoKey, JWTVerifyOptions, JWTVerifyResult } from "jose";
import type { KeySource } from "../keys/key-source.js";
import { verifyToken } from "./verify-token.js";

/** A verified token, with the name of the key of a key set that verified it. */
export type VerifiedToken = JWTVerifyResult & { readonly vouchedBy?: string };

/**
 * Returns a function that verifies the signature and the registered claims of a token. It rejects with errors of jose, and with
 * those of a key set that cannot be fetched.
 */
export function createSignatureVerifier(
  keys: KeySource,
  options: JWTVerifyOptions,
): (token: string) => Promise<VerifiedToken> {
  const { keySet } = keys;
  if (keySet === undefined) return (token) => verifyToken(token, keys.key, options);
  return async (token) => {
    const verified = await keySet.verify((getKey) => verifyToken(token, getKey, options));
    return { ...verified, vouchedBy: await keySet.nameOf(verified.key as CryptoKey) };
  };
}
