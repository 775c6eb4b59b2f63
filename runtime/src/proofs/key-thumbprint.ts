import type { JWK } from "jose";
import { sha256 } from "../platform/sha256.js";

/** The members that identify a public key, in the order of RFC 7638 section 3.3. */
const members: Readonly<Record<string, readonly string[]>> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

/**
 * Returns the SHA-256 thumbprint of a public key (RFC 7638). Synchronous, unlike that of jose.
 *
 * @param jwk - without faults.
 */
export function keyThumbprint(jwk: JWK): string {
  const names = members[jwk.kty as string] ?? [];
  return sha256(JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name as keyof JWK]]))), "base64url");
}
