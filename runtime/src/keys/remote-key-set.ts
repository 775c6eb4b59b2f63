import { Code, ConnectError } from "@connectrpc/connect";
import { type CryptoKey, errors, type JWTVerifyGetKey } from "jose";
import { monotonicTime, startTimer } from "../platform/clock.js";
import { createBoundedWarning } from "./bounded-warning.js";
import { fetchKeySet } from "./fetch-key-set.js";
import { type ImportedKeySet, importKeySet } from "./import-key-set.js";
import { InvalidKeySetError } from "./invalid-key-set-error.js";
import { nameKey } from "./key-name.js";
import { type RemoteKeySetOptions, readKeySetOptions } from "./key-set-options.js";
import { parseKeySet } from "./parse-key-set.js";
import { refusalOf } from "./refusal.js";
import { tryKeys } from "./try-keys.js";

export interface RemoteKeySet {
  /**
   * Verifies a token by the keys of the set. A key that is not known, or a signature that fails, has the set fetched again,
   * once per cool-down, and the token is tried once more.
   *
   * @param verify - verifies the token by the given key.
   * @throws ConnectError with code `unavailable` where the key cannot be known now; otherwise the error of `verify`.
   */
  verify<T>(verify: (getKey: JWTVerifyGetKey) => Promise<T>): Promise<T>;
  /** Fetches the key set. @throws ConnectError with code `unavailable` where it cannot be had now. */
  warmUp(): Promise<void>;
  /** The name of a key that verified a token, for `isCurrent`. */
  nameOf(key: CryptoKey): Promise<string>;
  /** Whether the key of this name may vouch for a remembered token: it is in the set, and the set is as fresh as can be had. */
  isCurrent(name: string): boolean;
}

interface Keys extends ImportedKeySet {
  readonly content: string;
  /** When the fetch began: the set knows nothing of what happened later. */
  readonly asOf: number;
}

/** Longest wait for the end of a cool-down. By default, a verification may take as long. */
const maxWait = 10_000;

/**
 * A key set that survives an outage of its endpoint: the last good one is used
 * while fetches fail, and the endpoint is asked at most once per cool-down, by one request for all who wait.
 *
 * @throws TypeError for an option that is unknown or not a positive number.
 */
export function createRemoteKeySet(url: URL, options: RemoteKeySetOptions = {}): RemoteKeySet {
  const { maxAge, maxStale, cooldown, timeout, maxBytes, maxKeys } = readKeySetOptions(options);
  const warn = createBoundedWarning();

  let keys: Keys | undefined;
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let failure: unknown;
  let fetching: Promise<void> | undefined;
  let pausing: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const asOf = monotonicTime();
    try {
      const parsed = parseKeySet(await fetchKeySet(url, { timeout, maxBytes }), maxKeys);
      const content = JSON.stringify(parsed);
      // Keys that are known stay imported.
      if (keys?.content === content) keys = { ...keys, asOf };
      else {
        keys = { ...(await importKeySet(parsed)), content, asOf };
        if (keys.faults.length > 0) warnOf(`skipped ${keys.faults.length}: ${keys.faults.slice(0, 3).join("; ")}`);
      }
      failures = 0;
    } catch (error) {
      failures++;
      failure = error;
      // An endpoint that fails says so; one that answers with nonsense would go unnoticed.
      if (error instanceof InvalidKeySetError) warnOf(`${error.message}. The last good key set, if any, is kept.`);
    }
    lastAttempt = monotonicTime();
  }

  /** The query of an address may hold a secret. */
  function warnOf(problem: string): void {
    warn(`key set ${url.origin}${url.pathname}: ${problem}`);
  }

  const age = (): number => (keys === undefined ? Number.POSITIVE_INFINITY : monotonicTime() - keys.asOf);
  const isTooOld = (): boolean => age() >= maxAge + maxStale;
  const pause = (): number => cooldown * 2 ** Math.min(failures, 3);

  /** How long the endpoint is to be left alone: not at all while it is being asked. */
  function pauseLeft(): number {
    return lastAttempt + pause() - monotonicTime();
  }

  /** Whether the endpoint is known to fail: an attempt failed, and the next one is not overdue. */
  function isFailing(): boolean {
    return failures > 0 && pauseLeft() + timeout > 0;
  }

  /** Fetches, once for all who wait, unless the endpoint is to be left alone. */
  async function refresh(): Promise<void> {
    if (pauseLeft() > 0) return;
    fetching ??= fetchKeys().finally(() => {
      fetching = undefined;
    });
    await fetching;
  }

  /** Waits for a key set that was fetched at `time` or later; undefined where it cannot be had now. */
  async function keysSince(time: number): Promise<Keys | undefined> {
    while (keys !== undefined && keys.asOf < time) {
      const wait = pauseLeft();
      if (wait <= 0) {
        await refresh();
      } else if (failures > 0 || wait > maxWait) {
        return undefined;
      } else {
        pausing ??= new Promise<void>((resolve) => startTimer(wait, resolve)).finally(() => {
          pausing = undefined;
        });
        await pausing;
      }
    }
    return keys;
  }

  /** A key set that may be used now. Waits for a fetch where there is none, or where the endpoint is not known to fail. */
  async function usableKeys(): Promise<Keys> {
    const current = age();
    if (isTooOld() || (current >= maxAge && !isFailing())) await refresh();
    else if (current >= maxAge / 2) void refresh();
    if (keys === undefined || isTooOld()) throw unavailable();
    return keys;
  }

  function unavailable(): ConnectError {
    return new ConnectError("key set unavailable", Code.Unavailable, undefined, undefined, failure);
  }

  /** A signature that failed holds until its key may have changed: until a newer set is here, or may be fetched. */
  function refusalBy({ asOf }: Keys, error: unknown): unknown {
    if (!isOfSignature(error)) return error;
    return refusalOf(error, () => keys?.asOf === asOf && age() < cooldown);
  }

  return {
    async verify(verify) {
      const asked = monotonicTime();
      const first = await usableKeys();
      try {
        return await tryKeys(first.find, verify);
      } catch (error) {
        const isUnknown = error instanceof errors.JWKSNoMatchingKey;
        const mayHaveChanged = isOfSignature(error) && monotonicTime() - first.asOf >= cooldown;
        if (!isUnknown && !mayHaveChanged) throw refusalBy(first, error);
        // Rotated in, rotated under its old name, or made up.
        const newer = await keysSince(isUnknown ? asked : first.asOf + cooldown);
        if (newer === undefined) throw unavailable();
        return await tryKeys(newer.find, verify).catch((cause) => {
          throw refusalBy(newer, cause);
        });
      }
    },
    async warmUp() {
      if (age() >= maxAge) await refresh();
      if (isTooOld()) throw unavailable();
    },
    nameOf: nameKey,
    isCurrent(name) {
      const current = age();
      if (current >= maxAge / 2) void refresh();
      if (keys?.names.has(name) !== true) return false;
      return current < maxAge || (current < maxAge + maxStale && isFailing());
    },
  };
}

function isOfSignature(error: unknown): boolean {
  return error instanceof errors.JWSSignatureVerificationFailed;
}
