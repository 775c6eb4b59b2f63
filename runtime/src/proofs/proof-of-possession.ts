import type { CredentialSource } from "../call/credential-source.js";

/** The authentication scheme of an `Authorization` header with a token. */
export type TokenScheme = "Bearer" | "DPoP";

/** A token in a call. */
export interface PresentedToken {
  readonly token: string;
  readonly scheme: TokenScheme;
  readonly source: CredentialSource;
}

/**
 * Verifies that the caller has the key to which a token is bound: `dpop()` or `certificateBound()`. A plain value; give it to
 * the scheme that verifies the token.
 */
export interface ProofOfPossession {
  /** The member of the claim `cnf` (RFC 7800 section 3.1) that names the key by its SHA-256 thumbprint. */
  readonly member: "jkt" | "x5t#S256";
  /** The authentication scheme in which the bound tokens come. */
  readonly scheme: TokenScheme;
  /** Challenge for `WWW-Authenticate`. */
  readonly challenge: string;
  /** Members for the metadata of the protected resource (RFC 9728 section 2). */
  readonly metadata: Readonly<Record<string, unknown>>;
  /**
   * Verifies the proof in a call.
   *
   * @param thumbprint - of the key to which the token is bound.
   * @throws InvalidCredentialError, at once or later. The error of an outage answers `unavailable`.
   */
  verify(thumbprint: string, presented: PresentedToken): void | Promise<void>;
  /** Compiles the proofs of one issuer. A member of the value, so that servers without proofs bundle none of this. */
  readonly compile: (proofs: readonly ProofOfPossession[], allowsUnbound: boolean) => Possession;
}

/** The proofs of possession for the tokens of one issuer. */
export interface Possession {
  /** Those of a certificate come first: a DPoP proof is used up by its verification. */
  readonly proofs: readonly ProofOfPossession[];
  /** True if tokens that are bound to nothing are accepted as Bearer tokens. */
  readonly allowsUnbound: boolean;
  /**
   * Checks that a verified token can be proven.
   *
   * @throws InvalidCredentialError
   */
  checkClaims(claims: object): void;
  /**
   * Verifies every proof that a token demands, one after the other.
   *
   * @throws InvalidCredentialError, at once or later.
   */
  prove(claims: object, presented: PresentedToken): void | Promise<void>;
  /** Compiles the authentication schemes of several issuers. */
  readonly compileSchemes: (issuers: TokenIssuers) => TokenSchemes;
}

/** The issuers of a scheme. */
export interface TokenIssuers {
  /** The proofs of each issuer. Undefined: none. */
  readonly possessions: readonly (Possession | undefined)[];
  /** The proofs of the issuer of a verified token. */
  possessionOf(token: string): Possession | undefined;
}

/** The authentication schemes in which the tokens of several issuers come. */
export interface TokenSchemes {
  /** Challenges for `WWW-Authenticate`. DPoP comes first. */
  readonly challenges: readonly string[];
  /** Members for the metadata of the protected resource (RFC 9728 section 2). */
  readonly metadata: Readonly<Record<string, unknown>>;
  /**
   * Returns the token of a call, and the function that verifies its proofs.
   *
   * @throws InvalidCredentialError for an ambiguous or malformed token.
   */
  read(source: CredentialSource): ProvableToken | undefined;
}

export interface ProvableToken {
  readonly token: string;
  /** @throws InvalidCredentialError, at once or later. */
  prove(identity: { readonly claims: object }): void | Promise<void>;
}
