import type { CredentialSource } from "../call/credential-source.js";
import type { AuthContext, AuthContextInit } from "../context/auth-context.js";
import { memberOf } from "../platform/member-of.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { Acceptance } from "./acceptance.js";

/** Finds and verifies one kind of credential. A plain value; the pipeline does the rest. */
export interface AuthScheme {
  /** The kind of credential, for `AuthContext.type`. */
  readonly name: string;
  /** Authentication schemes for `WWW-Authenticate` (RFC 9110 section 11.6.1), such as `Bearer`, or undefined. */
  readonly challenge: string | readonly string[] | undefined;
  /** Members for the metadata of the protected resource (RFC 9728 section 2). By default, none. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * True if it takes every Bearer token, so that later schemes receive none. `opaque` if it takes all but JSON Web Tokens. By
   * default, false.
   */
  readonly takesBearer?: boolean | "opaque";
  /**
   * The part of a call that `revoke({ credential })` can name: `credential`; `nothing` behind a gateway or mesh; `unknown` if
   * the scheme does not know its credential. By default, `credential`.
   */
  readonly presents?: "credential" | "nothing" | "unknown";
  /** Request headers that only a trusted peer may set. They are removed before the handler, on every method. */
  readonly trustedHeaders: readonly string[];
  /** True if its identities may call `internal` methods. By default, false. */
  readonly internal?: boolean | undefined;
  /** Options of the cache. False verifies on every call. */
  readonly cache: CacheOptions | false;
  /**
   * Everything besides the credential that the verification depends on. Schemes with equal fingerprints share entries of a
   * store. Without it, a store needs `cache.namespace`.
   */
  readonly fingerprint?: string;
  /**
   * The accepted credentials. Creation fails if a scheme of users and one of services may accept the same: every user would be a
   * service. By default, unknown: only the same scheme counts as equal.
   */
  readonly accepts?: readonly Acceptance[];
  /** Returns true if {@link Verified.vouchedBy} of a cached credential is still trusted. By default, true. */
  isCurrent?(vouchedBy: string): boolean;
  /**
   * Fetches the key sets before the first verification. Rejects if that fails.
   */
  warmUp?(): Promise<void>;
  /**
   * Returns the unverified credential of a call, or undefined without one.
   *
   * @throws InvalidCredentialError for an ambiguous or malformed one.
   */
  read(source: CredentialSource): Credential | undefined;
}

/** A presented credential, not verified yet. */
export interface Credential {
  /** Everything that the verification reads, for the cache. Undefined if that is unknown. */
  readonly key: string | undefined;
  /** The presented credential, for `revoke({ credential })`. By default, `key`. */
  readonly presented?: string | undefined;
  /**
   * Returns the unverified issuer. Each issuer has its own limit of verifications. The result is one of a fixed set, never a text
   * of the caller. By default, all credentials share one limit.
   *
   * @throws InvalidCredentialError for an unknown issuer.
   */
  issuer?(): string;
  /**
   * Verifies the credential.
   *
   * @throws InvalidCredentialError for an invalid credential. The error of an outage answers `unavailable`. Other errors refuse.
   */
  verify(): Verified | Promise<Verified>;
  /**
   * Verifies that the caller may use the credential: a proof of possession. Runs once for each call, after {@link verify} or the
   * cache.
   *
   * @param context - the identity that the credential establishes.
   * @throws InvalidCredentialError
   */
  prove?(context: AuthContext): void | Promise<void>;
}

export interface Verified {
  readonly identity: AuthContextInit;
  /** The name of the verifying key, or the like, for {@link AuthScheme.isCurrent}. */
  readonly vouchedBy?: string | undefined;
}

/** Returns true if the identities of a scheme may call `internal` methods. */
export function isInternalScheme(scheme: AuthScheme): boolean {
  return memberOf(scheme, "internal") === true;
}
