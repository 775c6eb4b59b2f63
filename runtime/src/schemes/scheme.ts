import type { CredentialSource } from "../call/credential-source.js";
import type { AuthContextInit } from "../context/auth-context.js";
import { memberOf } from "../platform/member-of.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { Acceptance } from "./acceptance.js";

/** How one kind of credential is found and verified: a plain value. The pipeline does the rest. */
export interface AuthScheme {
  /** The kind of credential: the default of `AuthContext.type`. */
  readonly name: string;
  /** Authentication scheme for `WWW-Authenticate` (RFC 9110 section 11.6.1), for example `Bearer`; undefined where there is none. */
  readonly challenge: string | undefined;
  /** Whether it takes every Bearer token, so that a scheme after it never sees one. By default, false. */
  readonly takesBearer?: boolean;
  /**
   * What `revoke({ credential })` can name of its callers: `credential`; `nothing`, where a gateway or a mesh has verified
   * them; `unknown`, where the scheme cannot tell which part of a call is the credential. By default, `credential`.
   */
  readonly presents?: "credential" | "nothing" | "unknown";
  /** Request headers that only a trusted peer may set; removed before a handler sees them, on every method. */
  readonly trustedHeaders: readonly string[];
  /** Whether the identities it establishes may call `internal` methods. By default, false. */
  readonly internal?: boolean | undefined;
  /** Remembers verified credentials; false verifies on every call. */
  readonly cache: CacheOptions | false;
  /**
   * Everything the verification depends on besides the credential. Processes that share a store share a verification
   * where this is equal; without it, `cache.namespace` has to say so.
   */
  readonly fingerprint?: string;
  /**
   * Which credentials it accepts. A scheme for users and one for services that may accept the same are refused at creation:
   * every user would be a service. By default, nothing is known, and the two are told apart by identity alone.
   */
  readonly accepts?: readonly Acceptance[];
  /** Whether what vouched for a remembered credential, {@link Verified.vouchedBy}, still does. By default, true. */
  isCurrent?(vouchedBy: string): boolean;
  /**
   * Fetches what the first verification would have to wait for.
   *
   * @throws an error where it cannot be had.
   */
  warmUp?(): Promise<void>;
  /**
   * The credential of a call, unverified; undefined where there is none.
   *
   * @throws InvalidCredentialError where it is ambiguous or malformed.
   */
  read(source: CredentialSource): Credential | undefined;
}

/** A credential that was presented and is not verified yet. */
export interface Credential {
  /** Everything that the verification looks at, for the cache; undefined where that cannot be said. */
  readonly key: string | undefined;
  /** What the caller presented, for `revoke({ credential })`. By default, `key`. */
  readonly presented?: string | undefined;
  /**
   * Which issuer of the scheme it names, unverified: the verifications of each are bounded on their own. One of a fixed set,
   * never a text of the caller. Called only for a credential that has to be verified. By default, all share one bound.
   *
   * @throws InvalidCredentialError where it names none that is known.
   */
  issuer?(): string;
  /**
   * @throws InvalidCredentialError where the credential is not valid, or an error that says that something could not be
   * reached, which is answered with `unavailable`. Any other error refuses as well.
   */
  verify(): Verified | Promise<Verified>;
}

export interface Verified {
  readonly identity: AuthContextInit;
  /** Names what vouched for the credential, such as a key, for {@link AuthScheme.isCurrent}. */
  readonly vouchedBy?: string | undefined;
}

/** Whether the identities of a scheme may call `internal` methods. */
export function isInternalScheme(scheme: AuthScheme): boolean {
  return memberOf(scheme, "internal") === true;
}
