import type { ContextValues } from "@connectrpc/connect";
import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { readBearerToken } from "../headers/bearer-token.js";
import { anything, func, optional, required, text, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { AuthScheme } from "./scheme.js";

/** A credential of your own: an API key, an opaque token, a client certificate. */
export interface CredentialsOptions {
  /** Kind of credential, the default of `AuthContext.type`. By default, `credentials`. */
  readonly name?: string;
  /**
   * Finds the credential in the request headers, or in what the transport knows (`values.get(peerKey)`); null or
   * undefined where there is none. By default, the Bearer token.
   */
  readonly extractCredentials?: (header: Headers, values: ContextValues) => string | null | undefined;
  /**
   * Verifies a credential. Null or undefined, and any error, refuse it; an error that says that something could not be
   * reached (a refused connection, a timeout) is answered with `unavailable`. A `ConnectError` keeps its code.
   */
  readonly verifyCredentials: (
    credential: string,
  ) => AuthContextInit | null | undefined | Promise<AuthContextInit | null | undefined>;
  /** Authentication scheme for `WWW-Authenticate`. By default, `Bearer` for Bearer tokens, and none for other credentials. */
  readonly challenge?: string;
  /** By default, false: every call is verified. */
  readonly cache?: CacheOptions | false;
}

const credentialsOptions = (): OptionTable<CredentialsOptions, "name" | "cache"> => ({
  name: withDefault(text, "credentials"),
  extractCredentials: func,
  verifyCredentials: required(func),
  challenge: optional(text),
  cache: withDefault(anything, false as const),
});

/** @throws TypeError for an option that is missing or malformed. */
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
