import { type KeySourceOptions, keySourceOptions } from "../keys/key-source.js";
import { anything, flag, given, required, seconds, textOrTexts, texts } from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";
import { warn } from "../platform/warn.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { ClaimsMapping } from "./claims-mapping.js";

/**
 * How the JSON Web Tokens (RFC 7519) of one issuer are verified. Where several key sources are given: `jwksUri`, then
 * `publicKey`, then `secret`. What may be undefined here can come from an environment variable; it is refused then.
 */
export interface JwtIssuerOptions extends KeySourceOptions {
  /** Accepted `iss`. By default, any. */
  readonly issuer?: string | undefined | readonly (string | undefined)[];
  /** Accepted `aud`: one of them must be named by the token. By default, any, with a warning. */
  readonly audience?: string | undefined | readonly (string | undefined)[];
  /** Demanded `typ` header, for example `at+jwt` (RFC 9068). By default, any. */
  readonly typ?: string;
  /** Claims that must be present, besides `sub` and `exp`. By default, none. */
  readonly requiredClaims?: readonly string[];
  /** Longest time since `iat`, in seconds. By default, unlimited. */
  readonly maxTokenAge?: number;
  /** Clock skew tolerated for `exp`, `nbf` and `iat`, in seconds. By default, 0. */
  readonly clockTolerance?: number;
  /** Accepts tokens without `exp`, which never expire. By default, false. */
  readonly allowMissingExpiration?: boolean;
  /**
   * Accepts tokens that are bound to a key or certificate (`cnf`, RFC 7800) from whoever has them. For servers behind a
   * proxy that verifies the binding (DPoP, RFC 9449; mutual TLS, RFC 8705). By default, false: they are refused.
   */
  readonly allowBoundTokens?: boolean;
  /** Where the identity stands in the claims. */
  readonly claimsMapping?: ClaimsMapping;
}

/** What holds for tokens of every issuer. */
export interface JwtSchemeOptions {
  /** By default, five minutes and 10000 tokens. Entries end with the token, and with the key that verified it. */
  readonly cache?: CacheOptions | false;
}

/** Several issuers, each with its own keys: a token is verified by the keys of the issuer that its `iss` names, and by no others. */
export interface JwtIssuers {
  /** Each says which `issuer` it is. */
  readonly issuers: readonly JwtIssuerOptions[];
}

export type JwtOptions = JwtSchemeOptions & (JwtIssuerOptions | JwtIssuers);

type Defaulted = "clockTolerance" | "allowMissingExpiration" | "allowBoundTokens";

const jwtIssuerOptions = (): OptionTable<JwtIssuerOptions, Defaulted> => ({
  ...keySourceOptions(),
  issuer: textOrTexts,
  audience: textOrTexts,
  typ: given,
  requiredClaims: texts,
  maxTokenAge: seconds,
  clockTolerance: {
    accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
    expected: "seconds, at least 0",
    shown: true,
    fallback: 0,
  },
  allowMissingExpiration: { ...flag, fallback: false },
  allowBoundTokens: { ...flag, fallback: false },
  claimsMapping: anything,
});

/** @throws TypeError naming the option that is malformed. */
export function readJwtOptions(options: JwtIssuerOptions, owner: string): Read<JwtIssuerOptions, Defaulted> {
  const own = readOptions(owner, options, jwtIssuerOptions);
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

/** @throws TypeError for anything but a list of at least one issuer. */
export function readJwtIssuers(options: JwtIssuers, owner: string): JwtIssuers {
  return readOptions(`${owner} with issuers`, options, jwtIssuersOptions);
}
