import type { JWK } from "jose";
import { anything, flag, given, optional, texts } from "../options/check.js";
import type { OptionTable } from "../options/read-options.js";
import { sha256 } from "../platform/sha256.js";
import { warn } from "../platform/warn.js";
import type { RemoteKeySetOptions } from "./key-set-options.js";
import { parseKeySetUri } from "./key-set-uri.js";
import { importPublicKey, type PublicKey } from "./public-key.js";
import { createRemoteKeySet, type RemoteKeySet } from "./remote-key-set.js";
import { asymmetricAlgorithms } from "./verification-jwk.js";

/** The keys of one issuer. Of several sources, the first counts: `jwksUri`, then `publicKey`, then `secret`. */
export interface KeySourceOptions {
  /** Address of the issuer's key set (RFC 7517). `https:`, or `http:` on a loopback address. */
  readonly jwksUri?: string | URL | undefined;
  /** Public key as PEM (SPKI), JWK, `CryptoKey` or `KeyObject`. Its own algorithm, use and operations limit it. */
  readonly publicKey?: PublicKey | undefined;
  /** Secret for HMAC, at least as long as the hash it is used with (RFC 7518 section 3.2): 32 bytes for HS256. */
  readonly secret?: string | Uint8Array | undefined;
  /** Accepted `alg`. By default, those that fit the key: asymmetric ones for a key or key set, HMAC for a secret. */
  readonly algorithms?: readonly string[];
  /** Accepts a `jwksUri` over plain `http:` to any host, for example inside a mesh. By default, false. */
  readonly allowInsecureHttp?: boolean;
  /** How the key set is kept. */
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

/** Where the keys come from, and what they may be used for. */
export type KeySource = {
  readonly algorithms: readonly string[];
  /** Tells this source from others. Secrets are told apart by a digest. */
  readonly fingerprint: string;
} & ({ readonly key: JWK | Uint8Array; readonly keySet?: never } | { readonly keySet: RemoteKeySet });

/** Algorithms by the length of their hash in bytes (RFC 7518 section 3.2). */
const hmac: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/**
 * The key source that the options name: `jwksUri`, else `publicKey`, else `secret`.
 *
 * @throws TypeError where none is usable, or an algorithm does not fit it.
 */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { jwksUri, publicKey, secret } = options;
  const given = Object.entries({ jwksUri, publicKey, secret }).filter(([, value]) => value !== undefined);
  const [first, ...ignored] = given.map(([name]) => name);
  if (first === undefined) throw new TypeError("jwksUri, publicKey or secret: one of them is needed to verify tokens");
  if (ignored.length > 0) {
    warn(`jwt: ${first} is used; ${ignored.join(" and ")} ignored. Configure one key source.`);
  }
  if (jwksUri !== undefined) {
    const url = parseKeySetUri(jwksUri, options.allowInsecureHttp ?? false);
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

/** A copy, since the bytes may be wiped or used for something else. Undefined for what is not bytes, of whatever realm. */
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
