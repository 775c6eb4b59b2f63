import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from "jose";

export type TestKeyAlgorithm = "RS256" | "ES256" | "EdDSA";

export interface TestKeyPair {
  readonly privateKey: CryptoKey;
  /** With `kid`, `alg` and `use`, as in a key set. Also valid as `publicKey` of the JWT scheme. */
  readonly publicJwk: JWK;
}

/**
 * Generates a key pair.
 *
 * @example
 * const { privateKey, publicJwk } = await createTestKeyPair("ES256");
 * const auth = createAuth({ policies, authenticate: jwt({ publicKey: publicJwk, audience: "shop" }) });
 * const header = { alg: "ES256", kid: "test-key" };
 * const token = await createTestJwt({ sub: "ada" }, { key: privateKey, header, audience: "shop" });
 */
export async function createTestKeyPair(algorithm: TestKeyAlgorithm, kid = "test-key"): Promise<TestKeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" } };
}
