import type { CryptoKey } from "jose";
import { builtIn } from "../platform/built-in.js";
import { takeTurn } from "../platform/turn.js";

/** Whether the signature of the data is valid. Undefined: jose must verify it. */
export type NativeCheck = (data: Uint8Array, signature: Uint8Array) => boolean | undefined;

type Checks = ReadonlyMap<string, NativeCheck>;

const known: WeakMap<CryptoKey | Uint8Array, Checks> = /* @__PURE__ */ new WeakMap();

/**
 * Returns checks of a key by `node:crypto`, by `alg`. They run on the calling thread: for an idle server, WebCrypto's way to
 * another thread and back costs as much as the check of an RSA signature.
 *
 * Empty for a key that takes longer than about 0.15 ms, and in runtimes that lack Node's functions.
 */
export function nativeChecks(key: CryptoKey | Uint8Array): Checks {
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
  return ["256", "384", "512"].map((bits) => [
    `HS${bits}`,
    (data, signature) => {
      const expected = crypto.createHmac(`sha${bits}`, key).update(data).digest();
      return expected.length === signature.length && crypto.timingSafeEqual(expected, signature);
    },
  ]);
}

function publicKeyChecks(key: CryptoKey): [string, NativeCheck][] {
  const crypto = builtIn("node:crypto");
  const { name, hash, namedCurve, modulusLength, publicExponent } = key.algorithm as RsaHashedKeyAlgorithm &
    EcKeyAlgorithm;
  if (key.type !== "public" || !key.usages.includes("verify")) return [];
  const object = crypto.KeyObject.from(key);
  const check =
    (digest: string | null, input: Parameters<typeof crypto.verify>[2] = object): NativeCheck =>
    (data, signature) => {
      try {
        if (!takeTurn()) return undefined;
        return crypto.verify(digest, data, input, signature);
      } catch {
        return undefined;
      }
    };
  if (name === "ECDSA" && namedCurve === "P-256") {
    return [["ES256", check("sha256", { key: object, dsaEncoding: "ieee-p1363" })]];
  }
  if (name === "Ed25519") return ["EdDSA", "Ed25519"].map((algorithm) => [algorithm, check(null)]);
  // A larger modulus or exponent takes longer.
  if (!(modulusLength >= 2048 && modulusLength <= 4096 && publicExponent.length <= 3)) return [];
  const bits = hash.name.slice("SHA-".length);
  if (name === "RSASSA-PKCS1-v1_5") return [[`RS${bits}`, check(`sha${bits}`)]];
  const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
  return name === "RSA-PSS"
    ? [[`PS${bits}`, check(`sha${bits}`, { key: object, padding, saltLength: Number(bits) / 8 })]]
    : [];
}
