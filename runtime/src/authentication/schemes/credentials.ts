import type { AuthContextInit } from "../../context/auth-context.js";
import { InvalidCredentialError } from "../authentication-error.js";
import { readBearerToken } from "../bearer-token.js";
import type { CacheOptions } from "../credential-cache.js";
import type { AuthScheme } from "../scheme.js";

/** A credential of your own: an API key, an opaque token, a client certificate. */
export interface CredentialsOptions {
  /** Kind of credential, the default of `AuthContext.type`. By default, `credentials`. */
  readonly name?: string;
  /** Finds the credential in the request headers; null or undefined where there is none. By default, the Bearer token. */
  readonly extractCredentials?: (header: Headers) => string | null | undefined;
  /**
   * Verifies a credential. Null or undefined, and any error, refuse it; an error that says that something could not be
   * reached (a `ConnectError` with code `unavailable`, a refused connection, a timeout) is answered with `unavailable`.
   */
  readonly verifyCredentials: (
    credential: string,
  ) => AuthContextInit | null | undefined | Promise<AuthContextInit | null | undefined>;
  /** By default, false: every call is verified. */
  readonly cache?: CacheOptions | false;
}

/** @throws TypeError for an option that is missing or not a function. */
export function credentials(options: CredentialsOptions): AuthScheme {
  const { name = "credentials", extractCredentials = readBearerToken, verifyCredentials, cache = false } = options;
  if (typeof verifyCredentials !== "function") {
    throw new TypeError(`verifyCredentials: expected a function, got ${typeof verifyCredentials}`);
  }
  if (typeof extractCredentials !== "function") {
    throw new TypeError(`extractCredentials: expected a function, got ${typeof extractCredentials}`);
  }
  return {
    name,
    challenge: "Bearer",
    trustedHeaders: [],
    cache,
    read({ header }) {
      const credential = extractCredentials(header);
      if (credential === null || credential === undefined) return undefined;
      if (typeof credential !== "string" || credential === "") throw new InvalidCredentialError("empty credential");
      return {
        key: credential,
        async verify() {
          const identity = await verifyCredentials(credential);
          if (identity === null || identity === undefined) throw new InvalidCredentialError("refused");
          return { identity };
        },
      };
    },
  };
}
