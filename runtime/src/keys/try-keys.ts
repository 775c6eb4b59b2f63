import { type CryptoKey, errors, type JWTVerifyGetKey } from "jose";

/** Most keys tried for one token. */
const maxTried = 16;

/**
 * Verifies a token with the key that its header names. Without `kid`, tries each fitting key. Rejects a `kid` of several
 * keys as ambiguous (RFC 7517 section 4.5).
 *
 * @param verify - verifies the token with the given key.
 * @throws the error of the last key.
 */
export async function tryKeys<T>(find: JWTVerifyGetKey, verify: (getKey: JWTVerifyGetKey) => Promise<T>): Promise<T> {
  let isNamed = false;
  try {
    return await verify((header, token) => {
      isNamed = header.kid !== undefined;
      return find(header, token);
    });
  } catch (error) {
    if (isNamed || !(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return tryEach(error, verify);
  }
}

async function tryEach<T>(keys: AsyncIterable<CryptoKey>, verify: (getKey: JWTVerifyGetKey) => Promise<T>): Promise<T> {
  let failure: unknown = new errors.JWSSignatureVerificationFailed();
  let tried = 0;
  for await (const key of keys) {
    try {
      return await verify(async () => key);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      failure = error;
    }
    if (++tried === maxTried) break;
  }
  throw failure;
}
