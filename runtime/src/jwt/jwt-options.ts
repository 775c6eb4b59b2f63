import { type KeySourceOptions, keySourceOptions } from "../keys/key-source.js";
import { anything, flag, func, required, seconds, text, textOrTexts, texts, tolerance } from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";
import { warn } from "../platform/warn.js";
import { checkProofOptions, type ProofOptions, proofOptions } from "../proofs/proof-options.js";
import type { ClaimsMapping } from "../schemes/claims-mapping.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { TokenPlaceOptions } from "./token-place.js";

/**
 * Options to verify the JSON Web Tokens (RFC 7519) of one issuer. The first key source that is set counts: `jwksUri`, then
 * `publicKey`, then `secret`.
 *
 * The types allow `undefined` for values from environment variables. At creation, an undefined value is a `TypeError`.
 */
export interface JwtIssuerOptions extends KeySourceOptions, ProofOptions {
  /** Accepted `iss`. Default: any. */
  readonly issuer?: string | undefined | readonly (string | undefined)[];
  /** Accepted `aud`. The token must name at least one of them. Default: any, with a warning. */
  readonly audience?: string | undefined | readonly (string | undefined)[];
  /** Required `typ` header, for example `at+jwt` (RFC 9068). Default: any. */
  readonly typ?: string;
  /** Required claims besides `sub` and `exp`. Default: none. */
  readonly requiredClaims?: readonly string[];
  /** Longest time since `iat`, in seconds. Default: unlimited. */
  readonly maxTokenAge?: number;
  /** Clock skew tolerated for `exp`, `nbf` and `iat`, in seconds. Default: 0. */
  readonly clockTolerance?: number;
  /** Accepts tokens without `exp`. They never expire. Default: false. */
  readonly allowMissingExpiration?: boolean;
  /**
   * Returns true for a token that is meant for this server: a check of its verified claims, such as `azp`, `client_id` or
   * `token_use`. Anything else refuses the token, and an error too. Runs once for a token, before it is cached; a shared store then
   * needs `cache.namespace`. Default: no check.
   *
   * @example
   * jwt({ issuer, jwksUri, checkClaims: ({ token_use, client_id }) => token_use === "access" && client_id === "4uc0" });
   */
  readonly checkClaims?: (claims: Readonly<Record<string, unknown>>) => boolean;
  /** Maps claims to the identity. */
  readonly claimsMapping?: ClaimsMapping;
}

/** Option for all issuers. */
export interface JwtCacheOption {
  /** Default: five minutes, 10000 tokens. An entry never outlives its token or the key that verified it. */
  readonly cache?: CacheOptions | false;
}

/** Several issuers, each with its own keys. A token's `iss` selects the issuer; only its keys count. */
export interface JwtIssuers {
  /** Each must set `issuer`. */
  readonly issuers: readonly JwtIssuerOptions[];
}

/** Options for all issuers. */
export interface JwtSchemeOptions extends JwtCacheOption, TokenPlaceOptions {}

export type JwtOptions = JwtSchemeOptions & (JwtIssuerOptions | JwtIssuers);

type Defaulted = "clockTolerance" | "allowMissingExpiration" | "allowBoundTokens" | "allowUnboundTokens";

const jwtIssuerOptions = (): OptionTable<JwtIssuerOptions, Defaulted> => ({
  ...keySourceOptions(),
  ...proofOptions(),
  issuer: textOrTexts,
  audience: textOrTexts,
  typ: text,
  requiredClaims: texts,
  maxTokenAge: seconds,
  clockTolerance: { ...tolerance, fallback: 0 },
  allowMissingExpiration: { ...flag, fallback: false },
  checkClaims: func,
  claimsMapping: anything,
});

/** @throws TypeError naming the malformed option. */
export function readJwtOptions(options: JwtIssuerOptions, owner: string): Read<JwtIssuerOptions, Defaulted> {
  const own = readOptions(owner, options, jwtIssuerOptions);
  checkProofOptions(options);
  if (own.audience === undefined) {
    warn(`${owner}: without an audience, tokens issued for another API are accepted here. Set audience.`);
  }
  return own;
}

const jwtIssuersOptions = (): OptionTable<JwtIssuers> => ({
  issuers: required({
    accepts: (value) => Array.isArray(value) && value.length > 0,
    expected: "a list of at least one issuer",
  }),
});

/** @throws TypeError unless `issuers` is a non-empty list. */
export function readJwtIssuers(options: JwtIssuers, owner: string): JwtIssuers {
  return readOptions(`${owner} with issuers`, options, jwtIssuersOptions);
}
