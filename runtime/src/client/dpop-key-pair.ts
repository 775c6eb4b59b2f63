// A structural type, so that our declarations need neither the DOM nor @types/node.
import type { CryptoKey } from "jose";

/** The key pair of a client, of WebCrypto: `ES256`, `ES384`, `ES512`, `Ed25519`, `PS256` or `RS256`. */
export interface DpopKeyPair {
  /** Need not be extractable. */
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/**
 * Creates a key pair for DPoP. Nobody can extract the private key, and a browser can keep it in IndexedDB.
 *
 * @example
 * const keyPair = await createDpopKeyPair();
 */
export async function createDpopKeyPair(): Promise<DpopKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}
