import { type CryptoKey, errors, type JWTVerifyGetKey } from "jose";

/** Most keys that one token is tried by. */
const maxTried = 16;

/**
 * Verifies a token by the key that its header names. A token without `kid` is tried by each key that fits; a `kid` of several
 * keys is ambiguous, and refused (RFC 7517 section 4.5).
 *
 * @param verify - verifies the token by the given key.
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
