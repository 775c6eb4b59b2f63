import { type CryptoKey, type JWTPayload, SignJWT } from "jose";
import { anything } from "../options/check.js";
import { checkOption, type OptionTable, readOptions } from "../options/read-options.js";
import { wallTime } from "../platform/clock.js";

/** A secret for tests, long enough for every HMAC algorithm. It is public: never use it in production. */
export const TEST_JWT_SECRET = "a secret for tests alone, known to everybody who can read this text";

export interface TestJwtOptions {
  /** The signing key. Default: {@link TEST_JWT_SECRET}. */
  readonly key?: CryptoKey | Uint8Array;
  /** Members of the header: `{ alg: "RS256", kid: "1" }`. Default: `alg` is `HS256`. */
  readonly header?: { readonly alg?: string; readonly kid?: string; readonly typ?: string };
  /** Lifetime from now: seconds, or a text such as `1h`. Negative: already expired. Default: 300. */
  readonly expiresIn?: number | string;
  /** The claim `iss`. Default: none. */
  readonly issuer?: string;
  /** The claim `aud`. Default: none. */
  readonly audience?: string | string[];
}

const testJwtOptions = (): OptionTable<TestJwtOptions> => ({
  key: anything,
  header: anything,
  expiresIn: anything,
  issuer: anything,
  audience: anything,
});

/** Options easily mistaken for claims, each with its claim. */
const notClaims = { expiresIn: "exp", issuer: "iss", audience: "aud" } as const;

/**
 * Signs a token. Sets `sub` to `test-user`, and `iat` and `exp`, unless the claims set them.
 *
 * @throws TypeError for an unknown option, an option among the claims, and a claim set twice.
 *
 * @example
 * const token = await createTestJwt({ roles: ["admin"] }, { expiresIn: "1h", audience: "orders" });
 */
export async function createTestJwt(claims: JWTPayload = {}, options: TestJwtOptions = {}): Promise<string> {
  const own = readOptions("createTestJwt", options, testJwtOptions);
  for (const [option, claim] of Object.entries(notClaims)) {
    if (Object.hasOwn(claims, option)) {
      throw new TypeError(
        `createTestJwt: ${option} is an option: write createTestJwt({ ...claims }, { ${option} }), or the claim ${claim}`,
      );
    }
    if (Object.hasOwn(own, option) && Object.hasOwn(claims, claim)) {
      throw new TypeError(`createTestJwt: got both the option ${option} and the claim ${claim}; keep one`);
    }
  }
  const { key = new TextEncoder().encode(TEST_JWT_SECRET), header = {}, expiresIn = 300, issuer, audience } = own;
  const isDuration = typeof expiresIn === "string" || Number.isFinite(expiresIn);
  checkOption(isDuration, "createTestJwt: expiresIn", 'seconds, or a text such as "1h"');
  const now = Math.floor(wallTime() / 1000);
  const set = {
    ...(issuer !== undefined && { iss: issuer }),
    ...(audience !== undefined && { aud: audience }),
    ...(typeof expiresIn === "number" && { exp: now + expiresIn }),
  };
  const token = new SignJWT({ sub: "test-user", iat: now, ...set, ...claims });
  // jose parses the units.
  if (typeof expiresIn === "string") token.setExpirationTime(expiresIn);
  return token.setProtectedHeader({ alg: "HS256", ...header }).sign(key);
}
