import type { JWK } from "jose";
import { anything, flag, given, optional, texts } from "../options/check.js";
import type { OptionTable } from "../options/read-options.js";
import { parseSecureUrl } from "../platform/secure-url.js";
import { sha256 } from "../platform/sha256.js";
import { warn } from "../platform/warn.js";
import type { RemoteKeySetOptions } from "./key-set-options.js";
import { importPublicKey, type PublicKey } from "./public-key.js";
import { createRemoteKeySet, type RemoteKeySet } from "./remote-key-set.js";
import { asymmetricAlgorithms } from "./verification-jwk.js";

/** The keys of one issuer. The first source that is set counts: `jwksUri`, then `publicKey`, then `secret`. */
export interface KeySourceOptions {
  /** Address of the issuer's key set (RFC 7517). `https:`, or `http:` on a loopback address. */
  readonly jwksUri?: string | URL | undefined;
  /** Public key as PEM (SPKI), JWK, `CryptoKey` or `KeyObject`. Its own algorithm, use and operations restrict it. */
  readonly publicKey?: PublicKey | undefined;
  /** Secret for HMAC, at least as long as the hash (RFC 7518 section 3.2): 32 bytes for HS256. */
  readonly secret?: string | Uint8Array | undefined;
  /** Accepted `alg` headers. Default: all that fit the key, asymmetric for a key or key set, HMAC for a secret. */
  readonly algorithms?: readonly string[];
  /** Accepts a `jwksUri` over plain `http:` to any host, for example inside a mesh. Default: false. */
  readonly allowInsecureHttp?: boolean;
  /** Caching and limits of the key set. */
  readonly jwks?: RemoteKeySetOptions;
}

export const keySourceOptions = (): OptionTable<KeySourceOptions> => ({
  jwksUri: given,
  publicKey: given,
  secret: given,
  algorithms: texts,
  allowInsecureHttp: flag,
  jwks: optional(anything),
});

/** Keys, with the algorithms that they may verify. */
export type KeySource = {
  readonly algorithms: readonly string[];
  /** Equal for equal sources. For a secret, a digest of it. */
  readonly fingerprint: string;
} & ({ readonly key: JWK | Uint8Array; readonly keySet?: never } | { readonly keySet: RemoteKeySet });

/** Algorithms by the length of their hash in bytes (RFC 7518 section 3.2). */
const hmac: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/**
 * Creates the key source: `jwksUri`, else `publicKey`, else `secret`.
 *
 * @throws TypeError if no source is usable, or an algorithm does not fit the source.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { jwksUri, publicKey, secret } = options;
  const given = Object.entries({ jwksUri, publicKey, secret }).filter(([, value]) => value !== undefined);
  const [first, ...ignored] = given.map(([name]) => name);
  if (first === undefined) throw new TypeError("jwksUri, publicKey or secret: set one of them, to verify tokens");
  if (ignored.length > 0) {
    warn(`jwt: ${first} is used; ${ignored.join(" and ")} ignored. Configure one key source.`);
  }
  if (jwksUri !== undefined) {
    const url = parseSecureUrl(jwksUri, options.allowInsecureHttp ?? false, "jwksUri");
    const keySet = createRemoteKeySet(url, options.jwks);
    return { algorithms: pin(options.algorithms, asymmetricAlgorithms, "a key set"), fingerprint: url.href, keySet };
  }
  if (publicKey !== undefined) {
    const { jwk, fingerprint, algorithms: fitting } = importPublicKey(publicKey);
    const algorithms = pin(options.algorithms, fitting, "this public key");
    return { algorithms, fingerprint, key: jwk };
  }
  const key = typeof secret === "string" ? new TextEncoder().encode(secret) : copyOf(secret);
  if (key === undefined) throw new TypeError("secret: expected a string or bytes");
  const fitting = Object.keys(hmac).filter((algorithm) => key.length >= (hmac[algorithm] as number));
  if (fitting.length === 0) {
    throw new TypeError(`secret: HS256 needs at least 32 bytes (RFC 7518 section 3.2), got ${key.length}`);
  }
  const algorithms = pin(options.algorithms, fitting, `a secret of ${key.length} bytes`);
  return { algorithms, fingerprint: sha256(key, "base64url"), key };
}

/** Copies bytes of any realm, because the caller may overwrite them. Returns undefined for any other value. */
function copyOf(bytes: unknown): Uint8Array | undefined {
  const isBytes = ArrayBuffer.isView(bytes) && (bytes as Uint8Array)[Symbol.toStringTag] === "Uint8Array";
  return isBytes ? new Uint8Array(bytes as Uint8Array) : undefined;
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
