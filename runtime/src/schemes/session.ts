import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { readBearerToken } from "../headers/bearer-token.js";
import { cookieName, dropLookalikes, readCookie } from "../headers/cookie.js";
import { tokenName } from "../headers/token-name.js";
import { anything, flag, func, optional, required, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import type { CacheOptions } from "../store/cache-options.js";
import type { AuthScheme } from "./scheme.js";

/**
 * Options of {@link session}.
 *
 * @typeParam S - the framework's record of a session.
 */
export interface SessionOptions<S> {
  /** Kind of credential, for `AuthContext.type`. By default, `session`. */
  readonly name?: string;
  /**
   * Cookie of the token, for calls without a Bearer token. The value must be a `cookie-value` (RFC 6265). By default, none.
   */
  readonly cookie?: string;
  /** Reads the token from `Authorization: Bearer`. By default, true. */
  readonly bearer?: boolean;
  /**
   * Finds the session. Null or undefined refuses the call. For errors, see `verifyCredentials` of {@link credentials}.
   *
   * With `cookie` or `bearer: true`, `headers` contain only the credential in use: no `Cookie` beside a Bearer token, and no
   * `Authorization` beside the cookie.
   *
   * With neither, the framework reads `headers` itself. It receives every call with `Authorization` or `Cookie`. `token` is then
   * the Bearer token, or undefined.
   */
  readonly verifySession: (
    token: string | undefined,
    headers: Headers,
  ) => S | null | undefined | Promise<S | null | undefined>;
  /**
   * Turns a session into an identity. Set the claim `jti` to the session's id: `revoke({ tokenId })` then ends the session in
   * every spelling of its token.
   */
  readonly mapSession: (session: S) => AuthContextInit;
  /**
   * Caches sessions. They end here up to `ttl` later than in the framework. `verifySession` then receives only `Authorization`,
   * `Cookie` and `cacheHeaders`. By default, false.
   */
  readonly cache?: CacheOptions | false;
  /** More headers that `verifySession` reads, for `cache`. By default, none. */
  readonly cacheHeaders?: readonly string[];
}

const sessionOptions = (): OptionTable<SessionOptions<unknown>, "name" | "cache"> => ({
  name: { ...tokenName, fallback: "session" },
  cookie: anything,
  bearer: flag,
  verifySession: required(func),
  mapSession: required(func),
  cache: withDefault(anything, false as const),
  cacheHeaders: optional({
    accepts: (value) => Array.isArray(value) && value.every(tokenName.accepts),
    expected: "a list of header names",
  }),
});

/**
 * Authenticates callers by a session of your framework.
 *
 * @throws TypeError for a missing or malformed option.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: session({
 *     cookie: "__Host-session",
 *     verifySession: (token) => sessions.find(token),
 *     mapSession: ({ id, user, expiresAt }) => ({ subject: user.id, roles: user.roles, claims: { jti: id }, expiresAt }),
 *   }),
 * });
 */
export function session<S>(options: SessionOptions<S>): AuthScheme {
  const own = readOptions<SessionOptions<S>, "name" | "cache">("session", options, sessionOptions);
  checkTogether(own);
  const cookie = "cookie" in own ? cookieName(own.cookie, "cookie") : undefined;
  const { name, bearer = true, verifySession, mapSession, cache, cacheHeaders = [] } = own;
  const covered = ["authorization", "cookie", ...cacheHeaders];
  /** True if the framework reads the headers itself. */
  const readsHeaders = cookie === undefined && own.bearer !== true;
  const takesBearer = bearer && !readsHeaders;

  /**
   * Returns headers with only the credential in use. The framework might pick another one, which `revoke` would not know.
   */
  function soleCredential(header: Headers, isBearer: boolean): Headers {
    if (readsHeaders) return header;
    const other = isBearer ? "cookie" : "authorization";
    const cookies = isBearer ? null : header.get("cookie");
    const sole = cookies === null ? null : dropLookalikes(cookies, cookie ?? "");
    if (!header.has(other) && sole === cookies) return header;
    const copy = new Headers(header);
    copy.delete(other);
    if (sole !== null) copy.set("cookie", sole);
    return copy;
  }

  return {
    name,
    challenge: takesBearer ? "Bearer" : undefined,
    takesBearer,
    presents: readsHeaders ? "unknown" : "credential",
    trustedHeaders: [],
    accepts: [{ by: verifySession }],
    cache,
    read({ header }) {
      const bearerToken = bearer ? readBearerToken(header) : undefined;
      const isBearer = bearerToken !== undefined;
      const token = bearerToken ?? (cookie === undefined ? undefined : readCookie(header, cookie));
      if (readsHeaders ? !header.has("authorization") && !header.has("cookie") : token === undefined) return undefined;
      const seen = cache === false ? undefined : soleCredential(pick(header, covered), isBearer);
      return {
        presented: token,
        key: seen && JSON.stringify([token, ...covered.map((name) => seen.get(name))]),
        async verify() {
          // Not earlier: identity headers are removed after `read`.
          const found = await verifySession(token, seen ?? soleCredential(header, isBearer));
          if (found === null || found === undefined)
            throw new InvalidCredentialError("no such session", { reason: "unknown" });
          return { identity: mapSession(found) };
        },
      };
    },
  };
}

function pick(header: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = header.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}

/** @throws TypeError for contradicting options. */
function checkTogether({ cache, cacheHeaders }: Pick<SessionOptions<unknown>, "cache" | "cacheHeaders">): void {
  if (cacheHeaders !== undefined && cache === false) throw new TypeError("cacheHeaders: has no effect without cache");
}
