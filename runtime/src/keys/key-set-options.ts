import { readOptions } from "../options/option-names.js";

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

const optionNames: Readonly<Record<keyof RemoteKeySetOptions, true>> = {
  maxAge: true,
  maxStale: true,
  cooldown: true,
  timeout: true,
  maxBytes: true,
  maxKeys: true,
};

/** Returns the options with their defaults. @throws TypeError naming the option. */
export function readKeySetOptions(options: RemoteKeySetOptions): Required<RemoteKeySetOptions> {
  const own = readOptions(options, optionNames, "jwks");
  const { maxAge = 600_000, maxStale = 86_400_000, cooldown = 1_000, timeout = 5_000 } = own;
  const { maxBytes = 1_048_576, maxKeys = 1_000 } = own;
  for (const [name, value] of Object.entries({ maxAge, maxStale, cooldown, timeout })) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`jwks.${name}: expected milliseconds above 0, got ${value}`);
    }
  }
  for (const [name, value] of Object.entries({ maxBytes, maxKeys })) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new TypeError(`jwks.${name}: expected a whole number above 0, got ${value}`);
    }
  }
  return { maxAge, maxStale, cooldown, timeout, maxBytes, maxKeys };
}
