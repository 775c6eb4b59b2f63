import { Code, ConnectError } from "@connectrpc/connect";
import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { checkOptionNames } from "../option-names.js";
import { nameKey, nameKeys } from "./key-name.js";

/** How a remote key set is kept. All times in milliseconds. */
export interface RemoteKeySetOptions {
  /** Age at which the key set must have been fetched again; it is fetched in the background from half of it on. By default, 600000: ten minutes. */
  readonly maxAge?: number;
  /** How long the last good key set is used beyond `maxAge` while its endpoint fails. By default, 86400000: a day. */
  readonly maxStale?: number;
  /**
   * Shortest time between two fetches. A token by a key that is not known waits for it, so that none is refused while
   * keys rotate. Doubled by each failure, up to eight times as long; meanwhile such a token is answered with
   * `unavailable`. By default, 1000.
   */
  readonly cooldown?: number;
  /** How long a fetch may take. By default, 5000. */
  readonly timeout?: number;
}

export interface RemoteKeySet {
  /** @throws ConnectError with code `unavailable` where the key cannot be known now; a jose error where there is none. */
  getKey(header: JWSHeaderParameters): Promise<CryptoKey>;
  /** Fetches the key set. @throws ConnectError with code `unavailable` where it cannot be had now. */
  warmUp(): Promise<void>;
  /** The name of a key that `getKey` gave, for `isCurrent`. */
  nameOf(key: CryptoKey): Promise<string>;
  /** Whether the key of this name is still in the key set. */
  isCurrent(name: string): boolean;
}

interface Keys {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly names: ReadonlySet<string>;
  readonly content: string;
  /** When the fetch began, by a clock that never goes back: the set knows nothing of what happened later. */
  readonly asOf: number;
}

/**
 * A key set that survives an outage of its endpoint: the last good one is used
 * while fetches fail, and the endpoint is asked at most once per cool-down, by one request for all who wait.
 *
 * @throws TypeError for an option that is unknown or not a positive number.
 */
export function createRemoteKeySet(url: URL, options: RemoteKeySetOptions = {}): RemoteKeySet {
  checkOptionNames(options, { maxAge: true, maxStale: true, cooldown: true, timeout: true }, "jwks");
  const { maxAge = 600_000, maxStale = 86_400_000, cooldown = 1_000, timeout = 5_000 } = options;
  for (const [name, value] of Object.entries({ maxAge, maxStale, cooldown, timeout })) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`jwks.${name}: expected milliseconds above 0, got ${value}`);
    }
  }

  let keys: Keys | undefined;
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let failure: unknown;
  let fetching: Promise<void> | undefined;
  let pausing: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const asOf = performance.now();
    try {
      const response = await fetch(url, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(timeout),
      });
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      const set = (await response.json()) as JSONWebKeySet;
      const content = JSON.stringify(set);
      // Keys that are known stay imported.
      if (keys?.content === content) keys = { ...keys, asOf };
      else keys = { find: createLocalJWKSet(set), names: await nameKeys(set), content, asOf };
      failures = 0;
    } catch (error) {
      failures++;
      failure = error;
    }
    lastAttempt = performance.now();
  }

  /** How long the endpoint is to be left alone: not at all while it is being asked. */
  function pauseLeft(): number {
    return lastAttempt + cooldown * 2 ** Math.min(failures, 3) - performance.now();
  }

  /** Fetches, once for all who wait, unless the endpoint is to be left alone. */
  async function refresh(): Promise<void> {
    if (pauseLeft() > 0) return;
    fetching ??= fetchKeys().finally(() => {
      fetching = undefined;
    });
    await fetching;
  }

  /** Waits for a key set that was fetched after `time`; undefined where it cannot be had now. */
  async function keysSince(time: number): Promise<Keys | undefined> {
    while (keys !== undefined && keys.asOf < time) {
      const wait = pauseLeft();
      if (wait <= 0) {
        await refresh();
      } else if (failures > 0) {
        return undefined;
      } else {
        pausing ??= new Promise<void>((resolve) => setTimeout(resolve, wait)).finally(() => {
          pausing = undefined;
        });
        await pausing;
      }
    }
    return keys;
  }

  function unavailable(): ConnectError {
    return new ConnectError("key set unavailable", Code.Unavailable, undefined, undefined, failure);
  }

  const age = (): number => (keys === undefined ? Number.POSITIVE_INFINITY : performance.now() - keys.asOf);
  const refreshEarly = () => void (age() >= maxAge / 2 && refresh());

  return {
    async getKey(header) {
      const asked = performance.now();
      if (age() >= maxAge) await refresh();
      else refreshEarly();
      if (keys === undefined || age() >= maxAge + maxStale) throw unavailable();
      try {
        return await keys.find(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
      // A key that is not known: rotated in, or made up.
      const newer = await keysSince(asked);
      if (newer === undefined) throw unavailable();
      return newer.find(header);
    },
    async warmUp() {
      if (age() >= maxAge) await refresh();
      if (keys === undefined) throw unavailable();
    },
    nameOf: nameKey,
    isCurrent(name) {
      refreshEarly();
      return keys?.names.has(name) === true && age() < maxAge + maxStale;
    },
  };
}
