import { wallTime } from "../platform/clock.js";
import type { DpopKeyPair } from "./dpop-key-pair.js";

/** The request that a proof is for. */
export interface DpopProofOptions {
  /** The HTTP method. */
  readonly method: string;
  /** The absolute address. Query and fragment are left out. */
  readonly url: string;
  /** The access token in the request. Undefined for a request of a token. */
  readonly token?: string | undefined;
  /** The last nonce of the server. */
  readonly nonce?: string | undefined;
}

/** The algorithm of a key, and its parameters for WebCrypto. */
type Signing = readonly [algorithm: string, parameters: { readonly name: string; readonly [more: string]: unknown }];

/**
 * Creates a DPoP proof (RFC 9449 section 4.2): the value of the header `DPoP`, for one request. `createClientDpopInterceptor` makes
 * those of calls; this function is for the request of the token.
 *
 * Rejects with a `TypeError` for a key of another kind.
 *
 * @example
 * const headers = { DPoP: await createDpopProof(keyPair, { method: "POST", url: tokenEndpoint }) };
 * const response = await fetch(tokenEndpoint, { method: "POST", headers, body });
 */
export async function createDpopProof(keyPair: DpopKeyPair, options: DpopProofOptions): Promise<string> {
  const { method, url, token, nonce } = options;
  const [alg, parameters] = signingOf(keyPair.privateKey.algorithm);
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", keyPair.publicKey);
  const [htu] = url.split(/[?#]/, 1);
  const claims = {
    jti: crypto.randomUUID(),
    htm: method,
    htu,
    iat: Math.floor(wallTime() / 1_000),
    ...(token !== undefined && { ath: encode(await crypto.subtle.digest("SHA-256", bytesOf(token))) }),
    ...(nonce !== undefined && { nonce }),
  };
  const header = { typ: "dpop+jwt", alg, jwk: { kty, crv, x, y, n, e } };
  const input = [header, claims].map((part) => encode(bytesOf(JSON.stringify(part)))).join(".");
  return `${input}.${encode(await crypto.subtle.sign(parameters, keyPair.privateKey, bytesOf(input)))}`;
}

function signingOf(algorithm: object): Signing {
  const {
    name,
    namedCurve = "",
    hash,
  } = algorithm as {
    readonly name: string;
    readonly namedCurve?: string;
    readonly hash?: { readonly name: string };
  };
  const bits = { "P-256": 256, "P-384": 384, "P-521": 512 }[namedCurve];
  if (name === "ECDSA" && bits !== undefined) return [`ES${bits}`, { name, hash: `SHA-${bits}` }];
  if (name === "Ed25519") return ["Ed25519", { name }];
  if (name === "RSA-PSS" && hash?.name === "SHA-256") return ["PS256", { name, saltLength: 32 }];
  if (name === "RSASSA-PKCS1-v1_5" && hash?.name === "SHA-256") return ["RS256", { name }];
  throw new TypeError(`keyPair: expected a key for ES256, ES384, ES512, Ed25519, PS256 or RS256, got one for ${name}`);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Encodes bytes as base64url without padding. */
function encode(bytes: ArrayBuffer | Uint8Array): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
