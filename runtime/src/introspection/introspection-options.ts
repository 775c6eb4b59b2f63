import type { CryptoKey } from "jose";
import {
  anything,
  count,
  flag,
  given,
  milliseconds,
  required,
  text,
  textOrTexts,
  tolerance,
  word,
} from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";
import { warn } from "../platform/warn.js";
import { checkProofOptions, type ProofOptions, proofOptions } from "../proofs/proof-options.js";
import type { ClaimsMapping } from "../schemes/claims-mapping.js";
import type { CacheOptions } from "../store/cache-options.js";

/**
 * Options of {@link introspection}. `issuer` or `endpoint` is needed, and `clientSecret` or `privateKey`.
 *
 * The types allow `undefined` for values from environment variables. At creation, an undefined value is a `TypeError`.
 */
export interface IntrospectionOptions extends ProofOptions {
  /** Kind of credential, for `AuthContext.type`. Default: `introspection`. */
  readonly name?: string;
  /**
   * The issuer: required `iss` of every response. Without `endpoint`, the endpoint is found by its metadata (OpenID Connect
   * Discovery, RFC 8414). Default: any `iss`, or none.
   */
  readonly issuer?: string | undefined;
  /** The introspection endpoint. `https:`, or `http:` on a loopback address. Default: that of the issuer's metadata. */
  readonly endpoint?: string | URL | undefined;
  /** Accepted `aud`. The response must name at least one of them. Default: any, with a warning. */
  readonly audience?: string | undefined | readonly (string | undefined)[];
  /** Identifier of this server at the issuer, as a client that may introspect. */
  readonly clientId: string | undefined;
  /** The client's secret. */
  readonly clientSecret?: string | undefined;
  /** How the secret is sent: in the `Authorization` header or in the body (RFC 6749 section 2.3.1). Default: in the header. */
  readonly clientAuthentication?: "client_secret_basic" | "client_secret_post";
  /** The client's private key, for `private_key_jwt` (RFC 7523) instead of a secret. Needs `issuer`, its audience. */
  readonly privateKey?: CryptoKey | undefined;
  /** `kid` of `privateKey`. Default: none. */
  readonly keyId?: string;
  /**
   * `opaque` leaves JSON Web Tokens to a later scheme: every token of three or five parts with dots between. Default: `all` Bearer
   * tokens are introspected.
   */
  readonly tokens?: "all" | "opaque";
  /** Maps the members of the response to the identity, as for `jwt`. */
  readonly claimsMapping?: ClaimsMapping;
  /**
   * Accepts a token without subject, as clients get for themselves (client credentials): its subject is this prefix and its
   * `client_id`. Choose a prefix that no user's subject begins with, such as `client:`. Default: such a token is refused.
   */
  readonly clientPrefix?: string;
  /** Clock skew tolerated for `exp` and `nbf`, in seconds. Default: 0. */
  readonly clockTolerance?: number;
  /**
   * Accepts a response without `token_type`. An issuer may describe a refresh token so; set it only if yours introspects access
   * tokens alone. Default: false.
   */
  readonly allowMissingTokenType?: boolean;
  /** Accepts `issuer` and `endpoint` over plain `http:` to any host, for example inside a mesh. Default: false. */
  readonly allowInsecureHttp?: boolean;
  /** Longest time for a request: connection, headers and body. In milliseconds. Default: 5000. */
  readonly timeout?: number;
  /** Longest response, in bytes. Default: 65536 (64 KiB). */
  readonly maxBytes?: number;
  /**
   * Pause after three failed requests in a row, in milliseconds: calls with unknown tokens get `unavailable` at once. Then one
   * request at a time tries the endpoint; each failure doubles the pause, up to eight times. Default: 1000.
   */
  readonly cooldown?: number;
  /** Default: 30 seconds, 10000 tokens. A token that the issuer revoked is accepted up to `ttl` longer. */
  readonly cache?: CacheOptions | false;
}

type Defaulted =
  | ("name" | "clientAuthentication" | "tokens" | "clockTolerance" | "allowMissingTokenType")
  | ("allowUnboundTokens" | "allowBoundTokens" | "allowInsecureHttp" | "timeout" | "maxBytes" | "cooldown" | "cache");

/** The options, read. */
export type ReadIntrospectionOptions = Read<IntrospectionOptions, Defaulted>;

const introspectionOptions = (): OptionTable<IntrospectionOptions, Defaulted> => ({
  ...proofOptions(),
  name: { ...text, fallback: "introspection" },
  issuer: text,
  endpoint: given,
  audience: textOrTexts,
  clientId: required(text),
  clientSecret: text,
  clientAuthentication: {
    ...word("client_secret_basic", "client_secret_post"),
    fallback: "client_secret_basic" as const,
  },
  privateKey: {
    accepts: isSigningKey,
    expected: "a private CryptoKey with the usage sign, such as the result of importPKCS8 of jose",
    environment: true,
  },
  keyId: text,
  tokens: { ...word("all", "opaque"), fallback: "all" as const },
  claimsMapping: anything,
  clientPrefix: text,
  clockTolerance: { ...tolerance, fallback: 0 },
  allowMissingTokenType: { ...flag, fallback: false },
  allowInsecureHttp: { ...flag, fallback: false },
  timeout: { ...milliseconds, fallback: 5_000 },
  maxBytes: { ...count, fallback: 65_536 },
  cooldown: { ...milliseconds, fallback: 1_000 },
  cache: { ...anything, fallback: {} },
});

/** @throws TypeError naming the malformed, missing or contradicting option. */
export function readIntrospectionOptions(options: IntrospectionOptions): ReadIntrospectionOptions {
  const own = readOptions<IntrospectionOptions, Defaulted>("introspection", options, introspectionOptions);
  checkProofOptions(options);
  const { issuer, endpoint, clientSecret, privateKey } = own;
  if (issuer === undefined && endpoint === undefined) {
    throw new TypeError("issuer or endpoint: set one of them, to find the introspection endpoint");
  }
  if ((clientSecret === undefined) === (privateKey === undefined)) {
    throw new TypeError("clientSecret or privateKey: set one of them, to authenticate this server at the endpoint");
  }
  if (privateKey !== undefined && issuer === undefined) {
    throw new TypeError("privateKey: needs issuer, the audience of what it signs (RFC 7523 section 3)");
  }
  if (privateKey !== undefined && Object.hasOwn(options, "clientAuthentication")) {
    throw new TypeError("clientAuthentication: has no effect with privateKey");
  }
  if (privateKey === undefined && own.keyId !== undefined) {
    throw new TypeError("keyId: has no effect without privateKey");
  }
  if (own.audience === undefined) {
    warn("introspection: without an audience, tokens issued for another API are accepted here. Set audience.");
  }
  return own;
}

/** Algorithms that `private_key_jwt` can sign with. */
const signing: readonly unknown[] = ["ECDSA", "RSASSA-PKCS1-v1_5", "RSA-PSS", "Ed25519"];

function isSigningKey(value: unknown): boolean {
  const { type, usages, algorithm } = Object(value) as Partial<CryptoKey>;
  return (
    type === "private" && Array.isArray(usages) && usages.includes("sign") && signing.includes(Object(algorithm).name)
  );
}
