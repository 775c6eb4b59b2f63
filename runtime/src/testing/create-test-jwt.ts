import { type CryptoKey, type JWTPayload, SignJWT } from "jose";

/** A secret for tests, long enough for every HMAC algorithm. It is public: never use it anywhere else. */
export const TEST_JWT_SECRET = "a secret for tests alone, known to everybody who can read this text";

export interface TestJwtOptions {
  /** The key to sign with. By default, {@link TEST_JWT_SECRET}. */
  readonly key?: CryptoKey | Uint8Array;
  /** More members of the header, or others: `{ alg: "RS256", kid: "1" }`. By default, `HS256`. */
  readonly header?: { readonly alg?: string; readonly kid?: string; readonly typ?: string };
  /** Seconds until the token expires, from now; negative for one that has. By default, 300. */
  readonly expiresIn?: number;
}

/** A signed token. By default, `sub` is `test-user`; `iat` and `exp` are set unless the claims have their own. */
export function createTestJwt(claims: JWTPayload = {}, options: TestJwtOptions = {}): Promise<string> {
  const { key = new TextEncoder().encode(TEST_JWT_SECRET), header = {}, expiresIn = 300 } = options;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: "test-user", iat: now, exp: now + expiresIn, ...claims })
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(key);
}
