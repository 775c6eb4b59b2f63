import type { JsonWebKey } from "node:crypto";
import type { CryptoKey, JWK } from "jose";
import { builtIn } from "../platform/built-in.js";
import { takeTurn } from "../platform/turn.js";

/**
 * Returns whether a signature is valid, or undefined if jose must verify it.
 *
 * @param input - the signed part of a token: ASCII.
 * @param signature - in base64url.
 */
export type NativeCheck = (input: string, signature: string) => boolean | undefined;

type Key = CryptoKey | JWK | Uint8Array;
type Checks = ReadonlyMap<string, NativeCheck>;

const known: WeakMap<Key, Checks> = /* @__PURE__ */ new WeakMap();

/**
 * Returns checks of signatures by `node:crypto`, by `alg`. They run on the calling thread. WebCrypto takes another thread: the way
 * there and back costs as much as the check of an RSA signature.
 *
 * Empty for a key that takes longer than about 0.15 ms, and in runtimes that lack the functions of Node.
 */
export function nativeChecks(key: Key): Checks {
  let checks = known.get(key);
  if (checks === undefined) {
    try {
      checks = new Map(key instanceof Uint8Array ? hmacChecks(key) : publicKeyChecks(key));
    } catch {
      checks = new Map();
    }
    known.set(key, checks);
  }
  return checks;
}

function hmacChecks(secret: Uint8Array): [string, NativeCheck][] {
  const crypto = builtIn("node:crypto");
  const key = crypto.createSecretKey(secret);
  return hashes.map((bits) => [
    `HS${bits}`,
    (input, signature) => {
      const expected = crypto.createHmac(`sha${bits}`, key).update(input).digest();
      const given = decode(signature);
      return expected.length === given.length && crypto.timingSafeEqual(expected, given);
    },
  ]);
}

/** A key of an algorithm or hash that is not here has no checks. */
function publicKeyChecks(key: CryptoKey | JWK): [string, NativeCheck][] {
  const crypto = builtIn("node:crypto");
  const isJwk = Object.hasOwn(key, "kty");
  // Node is about to stop converting keys that may not be exported.
  if (!isJwk && !(key as CryptoKey).extractable) return [];
  const object = isJwk
    ? crypto.createPublicKey({ key: key as JsonWebKey, format: "jwk" })
    : crypto.KeyObject.from(key as CryptoKey);
  const check =
    (hash: string | null, options: object = {}): NativeCheck =>
    (input, signature) => {
      try {
        if (!takeTurn()) return undefined;
        return crypto.verify(hash, new TextEncoder().encode(input), { key: object, ...options }, decode(signature));
      } catch {
        return undefined;
      }
    };
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = object;
  if (type === "ed25519") return ["EdDSA", "Ed25519"].map((algorithm) => [algorithm, check(null)]);
  if (type === "ec" && details?.namedCurve === "prime256v1") {
    return [["ES256", check("sha256", { dsaEncoding: "ieee-p1363" })]];
  }
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  // A larger modulus or exponent takes longer.
  if (type !== "rsa" || modulusLength < 2048 || modulusLength > 4096 || publicExponent > 0xffffffn) return [];
  const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
  return hashes
    .flatMap((bits): [string, NativeCheck][] => [
      [`RS${bits}`, check(`sha${bits}`)],
      [`PS${bits}`, check(`sha${bits}`, { padding, saltLength: bits / 8 })],
    ])
    .filter(([algorithm]) => isJwk || algorithm === algorithmOf((key as CryptoKey).algorithm as RsaHashedKeyAlgorithm));
}

const hashes = [256, 384, 512];

/** A key of WebCrypto has one algorithm. */
function algorithmOf({ name, hash }: RsaHashedKeyAlgorithm): string {
  return `${name === "RSA-PSS" ? "PS" : "RS"}${hash.name.slice("SHA-".length)}`;
}

function decode(signature: string): Uint8Array {
  return builtIn("node:buffer").Buffer.from(signature, "base64url");
}
