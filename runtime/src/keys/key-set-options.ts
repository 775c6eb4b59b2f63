import { count, milliseconds, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";

/** How a remote key set is kept. All times in milliseconds. */
export interface RemoteKeySetOptions {
  /** Age at which the key set must have been fetched again; it is fetched in the background from half of it on. By default, 600000: ten minutes. */
  readonly maxAge?: number;
  /** How long the last good key set is used beyond `maxAge` while its endpoint fails. By default, 86400000: a day. */
  readonly maxStale?: number;
  /**
   * Shortest time between two fetches. A token by a key that is not known waits for it, up to ten seconds, so that none is
   * refused while keys rotate. Doubled by each failure, up to eight times as long; meanwhile such a token is answered with
   * `unavailable`. By default, 1000.
   */
  readonly cooldown?: number;
  /** Longest time for a fetch: connection, headers and body. By default, 5000. */
  readonly timeout?: number;
  /** Longest key set that is read, in bytes. A longer one is a failure of the endpoint. By default, 1048576: one MiB. */
  readonly maxBytes?: number;
  /** Most keys of a key set, usable or not. A set with more is a failure of the endpoint. By default, 1000. */
  readonly maxKeys?: number;
}

const keySetOptions = (): OptionTable<RemoteKeySetOptions, keyof RemoteKeySetOptions> => ({
  maxAge: withDefault(milliseconds, 600_000),
  maxStale: withDefault(milliseconds, 86_400_000),
  cooldown: withDefault(milliseconds, 1_000),
  timeout: withDefault(milliseconds, 5_000),
  maxBytes: withDefault(count, 1_048_576),
  maxKeys: withDefault(count, 1_000),
});

/** Returns the options with their defaults. @throws TypeError naming the option. */
export function readKeySetOptions(options: RemoteKeySetOptions): Required<RemoteKeySetOptions> {
  return readOptions("jwks", options, keySetOptions, "jwks.");
}
