import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from "jose";

export type TestKeyAlgorithm = "RS256" | "ES256" | "EdDSA";

export interface TestKeyPair {
  readonly privateKey: CryptoKey;
  /** With `kid`, `alg` and `use`, as key sets publish it; also good as `publicKey` of the JWT scheme. */
  readonly publicJwk: JWK;
}

/** A fresh key pair. */
export async function createTestKeyPair(algorithm: TestKeyAlgorithm, kid = "test-key"): Promise<TestKeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" } };
}
