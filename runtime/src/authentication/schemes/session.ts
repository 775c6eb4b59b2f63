import type { AuthContextInit } from "../../context/auth-context.js";
import { checkOptionNames } from "../../option-names.js";
import { InvalidCredentialError } from "../authentication-error.js";
import { readBearerToken } from "../bearer-token.js";
import type { CacheOptions } from "../cache-options.js";
import type { AuthScheme, CredentialSource } from "../scheme.js";
import { readCookie } from "./cookie.js";

/**
 * Sessions that a framework of yours keeps.
 *
 * @typeParam S - what the framework knows of a session.
 */
export interface SessionOptions<S> {
  /** Kind of credential, the default of `AuthContext.type`. By default, `session`. */
  readonly name?: string;
  /** Takes the token from this cookie, where the call carries no Bearer token. By default, from none. */
  readonly cookie?: string;
  /** Takes the token from `Authorization: Bearer`. By default, true with `cookie`, and false without. */
  readonly bearer?: boolean;
  /**
   * Finds the session; null or undefined where there is none. With neither `cookie` nor `bearer` the framework reads
   * `headers` itself, `token` is undefined, and a call without `Authorization` and without `Cookie` is anonymous. Errors
   * count as in `verifyCredentials` of the `credentials` scheme.
   */
  readonly verifySession: (
    token: string | undefined,
    headers: Headers,
  ) => S | null | undefined | Promise<S | null | undefined>;
  /** Turns a session into an identity. */
  readonly mapSession: (session: S) => AuthContextInit;
  /**
   * Remembers sessions, which end here up to its `ttl` later than in the framework. `verifySession` then sees only
   * what entries are kept by: the token, `Authorization`, `Cookie` and `cacheHeaders`. By default, false.
   */
  readonly cache?: CacheOptions | false;
  /** More headers that `verifySession` looks at, for `cache`. By default, none. */
  readonly cacheHeaders?: readonly string[];
}

const optionNames: Readonly<Record<keyof SessionOptions<unknown>, true>> = {
  name: true,
  cookie: true,
  bearer: true,
  verifySession: true,
  mapSession: true,
  cache: true,
  cacheHeaders: true,
};

/** @throws TypeError for an option that is missing or malformed. */
export function session<S>(options: SessionOptions<S>): AuthScheme {
  checkOptions(options as SessionOptions<unknown>);
  const { name = "session", cookie, verifySession, mapSession, cache = false, cacheHeaders = [] } = options;
  const bearer = options.bearer ?? cookie !== undefined;
  const covered = ["authorization", "cookie", ...cacheHeaders];

  function findToken({ header }: CredentialSource): string | undefined {
    const token = bearer ? readBearerToken(header) : undefined;
    return token ?? (cookie === undefined ? undefined : readCookie(header, cookie));
  }

  return {
    name,
    challenge: bearer ? "Bearer" : undefined,
    takesBearer: bearer,
    trustedHeaders: [],
    accepts: [{ by: verifySession }],
    cache,
    read(source) {
      const { header } = source;
      const token = findToken(source);
      const readsHeaders = !bearer && cookie === undefined;
      if (readsHeaders ? !header.has("authorization") && !header.has("cookie") : token === undefined) return undefined;
      const seen = cache === false ? header : pick(header, covered);
      return {
        presented: token,
        key: cache === false ? undefined : JSON.stringify([token, ...covered.map((name) => header.get(name))]),
        async verify() {
          const found = await verifySession(token, seen);
          if (found === null || found === undefined) throw new InvalidCredentialError("no such session");
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

function checkOptions(options: SessionOptions<unknown>): void {
  checkOptionNames(options, optionNames, "session");
  for (const name of ["verifySession", "mapSession"] as const) {
    if (typeof options[name] !== "function") {
      throw new TypeError(`${name}: expected a function, got ${typeof options[name]}`);
    }
  }
  for (const name of ["name", "cookie"] as const) {
    const value: unknown = options[name];
    if (name in options && (typeof value !== "string" || !/^[\w!#$%&'*+\-.^`|~]+$/.test(value))) {
      throw new TypeError(`${name}: expected a name without spaces, got ${JSON.stringify(value)}`);
    }
  }
  if ("bearer" in options && typeof options.bearer !== "boolean") {
    throw new TypeError(`bearer: expected true or false, got ${JSON.stringify(options.bearer)}`);
  }
  const { cache, cacheHeaders } = options;
  if (cacheHeaders === undefined) return;
  if (!Array.isArray(cacheHeaders) || !cacheHeaders.every((name) => typeof name === "string" && name !== "")) {
    throw new TypeError("cacheHeaders: expected a list of header names");
  }
  if (cache === undefined || cache === false) throw new TypeError("cacheHeaders: has no effect without cache");
}
