import type { ContextValues } from "@connectrpc/connect";
import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { readBearerToken } from "../headers/bearer-token.js";
import { anything, func, optional, required, text, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { AuthScheme } from "./scheme.js";

/** Options of {@link credentials}. */
export interface CredentialsOptions {
  /** Kind of credential, for `AuthContext.type`. By default, `credentials`. */
  readonly name?: string;
  /**
   * Returns the credential from the request headers or from the peer (`values.get(peerKey)`), or null or undefined without one.
   * By default, the Bearer token.
   */
  readonly extractCredentials?: (header: Headers, values: ContextValues) => string | null | undefined;
  /**
   * Verifies a credential. Null, undefined and errors refuse it. The error of an outage, such as a refused connection or a
   * timeout, answers `unavailable`. A `ConnectError` keeps its code.
   */
  readonly verifyCredentials: (
    credential: string,
  ) => AuthContextInit | null | undefined | Promise<AuthContextInit | null | undefined>;
  /** Authentication scheme for `WWW-Authenticate`. By default, `Bearer` for Bearer tokens, and none for other credentials. */
  readonly challenge?: string;
  /** Caches verified credentials. By default, false: every call is verified. */
  readonly cache?: CacheOptions | false;
}

const credentialsOptions = (): OptionTable<CredentialsOptions, "name" | "cache"> => ({
  name: withDefault(text, "credentials"),
  extractCredentials: func,
  verifyCredentials: required(func),
  challenge: optional(text),
  cache: withDefault(anything, false as const),
});

/**
 * Authenticates callers by a credential of your own: an API key, an opaque token, a client certificate.
 *
 * @throws TypeError for a missing or malformed option.
 *
 * @example
 * const apiKeys = credentials({
 *   extractCredentials: (header) => header.get("x-api-key"),
 *   verifyCredentials: async (key) => keys.find(key),
 * });
 * const auth = createAuth({ policies, authenticate: [jwt(options), apiKeys] });
 */
export function credentials(options: CredentialsOptions): AuthScheme {
  const { name, extractCredentials, verifyCredentials, challenge, cache } = readOptions(
    "credentials",
    options,
    credentialsOptions,
  );
  return {
    name,
    challenge: challenge ?? (extractCredentials === undefined ? "Bearer" : undefined),
    takesBearer: extractCredentials === undefined,
    trustedHeaders: [],
    accepts: [{ by: verifyCredentials }],
    cache,
    read({ header, values }) {
      const credential =
        extractCredentials === undefined ? readBearerToken(header) : extractCredentials(header, values);
      if (credential === null || credential === undefined) return undefined;
      if (typeof credential !== "string" || credential === "")
        throw new InvalidCredentialError("empty credential", { reason: "malformed" });
      return {
        key: credential,
        presented: credential,
        async verify() {
          const identity = await verifyCredentials(credential);
          if (identity === null || identity === undefined)
            throw new InvalidCredentialError("refused", { reason: "unknown" });
          return { identity };
        },
      };
    },
  };
}
