import type { KeyObject } from "node:crypto";
// `KeyObjectLike` is structural, so that our declarations need no @types/node.
import type { CryptoKey, JWK, KeyObject as KeyObjectLike } from "jose";
import { builtIn } from "../platform/built-in.js";
import { sha256 } from "../platform/sha256.js";
import { removePssParameters } from "./rsa-pss.js";
import { algorithmsOf, faultOf, isPrivate, otherPurposeOf } from "./verification-jwk.js";

export type PublicKey = string | JWK | CryptoKey | KeyObjectLike;

/** A public key, and the algorithms that it may verify. */
export interface VerificationKey {
  /** The key's numbers only. Every runtime accepts a JWK; not every one accepts a `KeyObject`. */
  readonly jwk: JWK;
  /** Equal for equal keys, in every input format. */
  readonly fingerprint: string;
  readonly algorithms: readonly string[];
}

/**
 * Imports a public key together with its own restrictions: `alg`, `use` and `key_ops` of a JWK, algorithm and usages of a
 * `CryptoKey`, parameters of an RSA-PSS key.
 *
 * @throws TypeError for a key that cannot verify tokens, and for an unsafe key.
 */
export function importPublicKey(publicKey: PublicKey): VerificationKey {
  const given = toKeyObject(publicKey);
  const isPss = given.asymmetricKeyType === "rsa-pss";
  const key = isPss ? removePssParameters(given) : given;
  const jwk = exportKey(key);
  const limited = { ...jwk, ...(isPss && limitsOfPss(given)), ...limitsOf(publicKey) };
  const problem = faultOf(limited) ?? otherPurposeOf(limited);
  if (problem !== undefined) throw new TypeError(`publicKey: ${problem}`);
  return {
    jwk,
    fingerprint: sha256(key.export({ format: "der", type: "spki" }), "base64url"),
    algorithms: algorithmsOf(limited).filter((algorithm) => !isPss || algorithm.startsWith("PS")),
  };
}

function toKeyObject(publicKey: PublicKey): KeyObject {
  if (typeof publicKey === "string" && publicKey.includes("CERTIFICATE-----")) {
    throw new TypeError(
      "publicKey: got a certificate; its dates and uses would go unchecked. Extract its key: openssl x509 -pubkey -noout",
    );
  }
  const { createPublicKey, KeyObject } = builtIn("node:crypto");
  let key: KeyObject;
  try {
    if (isKeyObject(publicKey)) key = publicKey as KeyObject;
    else if (typeof publicKey === "string") key = createPublicKey(publicKey);
    else if (isCryptoKey(publicKey)) key = KeyObject.from(publicKey);
    else key = createPublicKey({ key: { ...publicKey }, format: "jwk" });
  } catch (cause) {
    throw new TypeError("publicKey: expected a public key as PEM, JWK, CryptoKey or KeyObject", { cause });
  }
  const hasPrivatePart =
    typeof publicKey === "string" ? publicKey.includes("PRIVATE KEY") : isPrivate(publicKey as JWK);
  if (key.type !== "public" || hasPrivatePart) throw new TypeError("publicKey: got a private or secret key");
  return key;
}

function exportKey(key: KeyObject): JWK {
  try {
    const jwk = key.export({ format: "jwk" }) as JWK;
    const names = ["kty", "crv", "n", "e", "x", "y"] as const;
    return Object.fromEntries(names.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]));
  } catch {
    throw new TypeError(`publicKey: no JWT algorithm uses a key of type ${key.asymmetricKeyType}`);
  }
}

/** The restrictions of a key, as members of a JWK. */
function limitsOf(publicKey: PublicKey): JWK {
  if (typeof publicKey === "string" || isKeyObject(publicKey)) return {};
  if (isCryptoKey(publicKey)) return limitsOfCryptoKey(publicKey);
  const names = ["kid", "use", "key_ops", "alg"] as const;
  return Object.fromEntries(names.filter((name) => name in publicKey).map((name) => [name, publicKey[name]]));
}

function limitsOfCryptoKey({ algorithm, usages }: CryptoKey): JWK {
  const { name, hash } = algorithm as { readonly name: string; readonly hash?: { readonly name: string } };
  const bits = hash?.name.replace("SHA-", "");
  const alg = name === "RSASSA-PKCS1-v1_5" ? `RS${bits}` : name === "RSA-PSS" ? `PS${bits}` : name;
  // The curve determines the algorithm of the other key types.
  return { key_ops: [...usages], ...(name !== "ECDSA" && name !== "Ed25519" && { alg }) };
}

/** The hash of an RSA-PSS key (RFC 4055). A JWT needs the same hash for the mask, and a salt of its length. */
function limitsOfPss({ asymmetricKeyDetails: details }: KeyObject): JWK {
  const { hashAlgorithm: hash, mgf1HashAlgorithm: mask = hash, saltLength = 0 } = details ?? {};
  if (hash === undefined) return {};
  const bits = Number(/^sha(256|384|512)$/.exec(hash)?.[1]);
  const isUsual = mask === hash && saltLength * 8 <= bits;
  return { alg: isUsual ? `PS${bits}` : `PSS with ${hash}, mask ${mask} and a salt of ${saltLength} bytes` };
}

function isKeyObject(key: PublicKey): key is KeyObjectLike {
  return tagOf(key) === "KeyObject";
}

function isCryptoKey(key: PublicKey): key is CryptoKey {
  return tagOf(key) === "CryptoKey";
}

/** The class name of an object, also from another realm. */
function tagOf(value: unknown): unknown {
  return (Object(value) as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}
