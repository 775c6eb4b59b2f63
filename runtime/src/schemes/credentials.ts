import type { ContextValues } from "@connectrpc/connect";
import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/authentication-error.js";
import { readBearerToken } from "../headers/bearer-token.js";
import { readOptions } from "../options/option-names.js";
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

const optionNames: Readonly<Record<keyof CredentialsOptions, true>> = {
  name: true,
  extractCredentials: true,
  verifyCredentials: true,
  challenge: true,
  cache: true,
};

/** @throws TypeError for an option that is missing or malformed. */
export function credentials(options: CredentialsOptions): AuthScheme {
  const own = readOptions(options, optionNames, "credentials");
  const { name = "credentials", extractCredentials, verifyCredentials, challenge, cache = false } = own;
  for (const [option, value] of Object.entries({ verifyCredentials, extractCredentials })) {
    const isLeftOut = option === "extractCredentials" && !(option in own);
    if (!isLeftOut && typeof value !== "function") {
      throw new TypeError(`${option}: expected a function, got ${value === null ? "null" : typeof value}`);
    }
  }
  for (const [option, value] of Object.entries({ name, challenge })) {
    if (value !== undefined && (typeof value !== "string" || value === "")) {
      throw new TypeError(`${option}: expected a non-empty string`);
    }
  }
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
      if (typeof credential !== "string" || credential === "") throw new InvalidCredentialError("empty credential");
      return {
        key: credential,
        presented: credential,
        async verify() {
          const identity = await verifyCredentials(credential);
          if (identity === null || identity === undefined) throw new InvalidCredentialError("refused");
          return { identity };
        },
      };
    },
  };
}
