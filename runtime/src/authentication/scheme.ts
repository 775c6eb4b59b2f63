import type { ContextValues } from "@connectrpc/connect";
import type { AuthContextInit } from "../context/auth-context.js";
import type { CacheOptions } from "./credential-cache.js";

/** What a scheme may look at to find its credential. */
export interface CredentialSource {
  readonly header: Headers;
  /** Context values of the call, for what the transport knows: the peer's address, a client certificate. */
  readonly values: ContextValues;
}

/** How one kind of credential is found and verified. The pipeline does the rest. */
export interface AuthScheme {
  /** The kind of credential: the default of `AuthContext.type`. */
  readonly name: string;
  /** Authentication scheme for `WWW-Authenticate` (RFC 9110 section 11.6.1), for example `Bearer`. */
  readonly challenge: string;
  /** Request headers that only a trusted peer may set; removed before a handler sees them, on every method. */
  readonly trustedHeaders: readonly string[];
  /** Whether the identities it establishes may call `internal` methods. */
  readonly internal?: boolean;
  /** Remembers verified credentials; false verifies on every call. */
  readonly cache: CacheOptions | false;
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
  /**
   * @throws InvalidCredentialError where the credential is not valid; anything else means that
   * it could not be found out, or that the verification itself is faulty.
   */
  verify(): Verified | Promise<Verified>;
}

export interface Verified {
  readonly identity: AuthContextInit;
  /** Whether what vouched for the credential still does: false ends a cached entry early. */
  readonly isCurrent?: () => boolean;
}
