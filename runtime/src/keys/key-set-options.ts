import { count, func, milliseconds, withDefault } from "../options/check.js";
import { type OptionTable, ownMembers, type Read, readOptions } from "../options/read-options.js";
import { type KeySetHeaders, readHeaders } from "./key-set-headers.js";

/** Options of a remote key set. All times in milliseconds. */
export interface RemoteKeySetOptions {
  /** Longest age of the key set. From half of it on, the set is fetched in the background. Default: 600000 (ten minutes). */
  readonly maxAge?: number;
  /** Longest use of the last good key set beyond `maxAge` while its endpoint fails. Default: 86400000 (a day). */
  readonly maxStale?: number;
  /**
   * Shortest time between two fetches. Default: 1000.
   *
   * A token with an unknown key waits for the next fetch, up to ten seconds: the key may be new. Each failed fetch doubles
   * the time, up to eight times; until the next fetch such a token gets `unavailable`.
   */
  readonly cooldown?: number;
  /** Longest time for a fetch: connection, headers and body. Default: 5000. */
  readonly timeout?: number;
  /**
   * Headers of the request, or a function that returns them for each request: `authorization` for a key set that is not public. No
   * redirect takes them elsewhere. Default: none.
   */
  readonly headers?: KeySetHeaders | (() => KeySetHeaders | Promise<KeySetHeaders>);
  /**
   * Replaces the global `fetch`, for a proxy or a certificate authority of your own. It must not follow redirects. Default: `fetch`.
   */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Longest key set, in bytes. A longer one counts as a failure of the endpoint. Default: 1048576 (one MiB). */
  readonly maxBytes?: number;
  /** Most keys in a key set, usable or not. More count as a failure of the endpoint. Default: 1000. */
  readonly maxKeys?: number;
}

type Defaulted = Exclude<keyof RemoteKeySetOptions, "headers" | "fetch">;

const keySetOptions = (): OptionTable<RemoteKeySetOptions, Defaulted> => ({
  maxAge: withDefault(milliseconds, 600_000),
  maxStale: withDefault(milliseconds, 86_400_000),
  cooldown: withDefault(milliseconds, 1_000),
  timeout: withDefault(milliseconds, 5_000),
  headers: {
    accepts: (value) => typeof value === "function" || readHeaders(value) !== undefined,
    expected: "an object of header names and values, or a function that returns one",
    environment: true,
  },
  fetch: func,
  maxBytes: withDefault(count, 1_048_576),
  maxKeys: withDefault(count, 1_000),
});

/** Returns the options with their defaults, in an object without a prototype. @throws TypeError naming the option. */
export function readKeySetOptions(options: RemoteKeySetOptions): Read<RemoteKeySetOptions, Defaulted> {
  const own = readOptions("jwks", options, keySetOptions, "jwks.");
  const { headers } = own;
  if (typeof headers !== "object") return own;
  // A copy: the caller may change its object.
  return ownMembers({ ...own, headers: readHeaders(headers) as KeySetHeaders });
}
