import { createHash, createPublicKey, KeyObject } from "node:crypto";
// Structural, so that our declarations need no @types/node.
import type { CryptoKey, JWK, KeyObject as KeyObjectLike } from "jose";
import type { JwtIssuerOptions } from "./jwt-options.js";
import { parseKeySetUri } from "./key-set-uri.js";
import { createRemoteKeySet, type RemoteKeySet } from "./remote-key-set.js";

export type PublicKey = string | JWK | CryptoKey | KeyObjectLike;

/** Where the keys come from, and what they may be used for. */
export type KeySource = {
  readonly algorithms: readonly string[];
  /** Tells this source from others. Secrets are told apart by a digest. */
  readonly fingerprint: string;
} & ({ readonly key: KeyObjectLike | Uint8Array; readonly keySet?: never } | { readonly keySet: RemoteKeySet });

const rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const curves: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ["ES256"],
  secp384r1: ["ES384"],
  secp521r1: ["ES512"],
};
const asymmetric = [...rsa, "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
/** Algorithms by the length of their hash in bytes (RFC 7518 section 3.2). */
const hmac: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/**
 * The key source that the options name: `jwksUri`, else `publicKey`, else `secret`.
 *
 * @throws TypeError where none is usable, or an algorithm does not fit it.
 */
export function createKeySource(options: JwtIssuerOptions): KeySource {
  const { jwksUri, publicKey, secret } = options;
  const given = Object.entries({ jwksUri, publicKey, secret }).filter(([, value]) => value !== undefined);
  const [first, ...ignored] = given.map(([name]) => name);
  if (first === undefined) throw new TypeError("jwksUri, publicKey or secret: one of them is needed to verify tokens");
  if (ignored.length > 0) {
    console.warn(
      `[@connectum/auth] JWT: ${first} is used; ${ignored.join(" and ")} ignored. Configure one key source.`,
    );
  }
  if (jwksUri !== undefined) {
    const url = parseKeySetUri(jwksUri, options.allowInsecureHttp ?? false);
    const keySet = createRemoteKeySet(url, options.jwks);
    return { algorithms: pin(options.algorithms, asymmetric, "a key set"), fingerprint: url.href, keySet };
  }
  if (publicKey !== undefined) {
    const key = importPublicKey(publicKey);
    const algorithms = pin(options.algorithms, algorithmsOf(key), "this public key");
    return { algorithms, fingerprint: digest(key.export({ format: "der", type: "spki" })), key };
  }
  const key = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (!(key instanceof Uint8Array)) throw new TypeError("secret: expected a string or bytes");
  const fitting = Object.keys(hmac).filter((algorithm) => key.length >= (hmac[algorithm] as number));
  if (fitting.length === 0) {
    throw new TypeError(`secret: HS256 needs at least 32 bytes (RFC 7518 section 3.2), got ${key.length}`);
  }
  const algorithms = pin(options.algorithms, fitting, `a secret of ${key.length} bytes`);
  return { algorithms, fingerprint: digest(key), key };
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

function pin(wanted: readonly string[] | undefined, fitting: readonly string[], source: string): readonly string[] {
  if (wanted === undefined) return fitting;
  for (const algorithm of wanted) {
    if (!fitting.includes(algorithm)) {
      throw new TypeError(`algorithms: ${JSON.stringify(algorithm)} does not fit ${source}; use ${fitting.join(", ")}`);
    }
  }
  return wanted;
}

function importPublicKey(publicKey: PublicKey): KeyObject {
  let key: KeyObject;
  try {
    if (publicKey instanceof KeyObject) key = publicKey;
    else if (typeof publicKey === "string") key = createPublicKey(publicKey);
    else if (publicKey instanceof CryptoKey) key = KeyObject.from(publicKey);
    else key = createPublicKey({ key: { ...publicKey }, format: "jwk" });
  } catch (cause) {
    throw new TypeError("publicKey: expected a public key as PEM, JWK, CryptoKey or KeyObject", { cause });
  }
  const isPrivate = typeof publicKey === "string" ? publicKey.includes("PRIVATE KEY") : "d" in publicKey;
  if (key.type !== "public" || isPrivate) throw new TypeError("publicKey: got a private or secret key");
  return key;
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const algorithms =
    type === "rsa"
      ? rsa
      : type === "rsa-pss"
        ? rsa.slice(3)
        : type === "ed25519"
          ? ["EdDSA", "Ed25519"]
          : curves[details?.namedCurve ?? ""];
  if (algorithms === undefined) throw new TypeError(`publicKey: no JWT algorithm uses a key of type ${type}`);
  return algorithms;
}
