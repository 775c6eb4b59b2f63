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
   * Verifies a token with the keys of the set. An unknown key or a failed signature fetches the set again, at most once per
   * cool-down, and retries once.
   *
   * @param verify - verifies the token with the given key.
   * @throws ConnectError with code `unavailable` if the key set cannot be fetched now; otherwise the error of `verify`.
   */
  verify<T>(verify: (getKey: JWTVerifyGetKey) => Promise<T>): Promise<T>;
  /** Fetches the key set. @throws ConnectError with code `unavailable` if the fetch fails and no usable set is kept. */
  warmUp(): Promise<void>;
  /** Returns the name of a key, for `isCurrent`. */
  nameOf(key: CryptoKey): Promise<string>;
  /** Whether a cached token of this key is still valid: the key is in the set, and the set is fresh or its endpoint fails. */
  isCurrent(name: string): boolean;
}

interface Keys extends ImportedKeySet {
  readonly content: string;
  /** Start of the fetch. Later changes at the issuer are not in this set. */
  readonly asOf: number;
}

/** Longest wait for the end of a cool-down, in milliseconds: the default of `limits.verificationTime`. */
const maxWait = 10_000;

/**
 * Creates a key set that survives an outage of its endpoint: it keeps the last good keys while fetches fail. Waiting calls
 * share one fetch, at most one per cool-down.
 *
 * @throws TypeError for an option that is unknown or not a positive number.
 */
export function createRemoteKeySet(url: URL, options: RemoteKeySetOptions = {}): RemoteKeySet {
  const own = readKeySetOptions(options);
  const { maxAge, maxStale, cooldown, timeout, maxKeys } = own;
  const warn = createBoundedWarning();
  // Without the query: it may contain a secret.
  const name = `${url.origin}${url.pathname}`;

  let keys: Keys | undefined;
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let failure: unknown;
  let fetching: Promise<void> | undefined;
  let pausing: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const asOf = monotonicTime();
    try {
      const parsed = parseKeySet(await fetchKeySet(url, own), maxKeys);
      const content = JSON.stringify(parsed);
      // An unchanged set stays imported.
      if (keys?.content === content) keys = { ...keys, asOf };
      else {
        keys = { ...(await importKeySet(parsed)), content, asOf };
        const { faults } = keys;
        if (faults.length > 0) warn(`key set ${name}: skipped ${faults.length}: ${faults.slice(0, 3).join("; ")}`);
      }
      failures = 0;
    } catch (error) {
      failures++;
      failure = error;
      // Calls report a failed fetch. Only this warning reports an unusable answer.
      if (error instanceof InvalidKeySetError) {
        warn(`key set ${name}: ${error.message}. The last good key set, if any, is kept.`);
      }
    }
    lastAttempt = monotonicTime();
  }

  const age = (): number => (keys === undefined ? Number.POSITIVE_INFINITY : monotonicTime() - keys.asOf);
  const isTooOld = (): boolean => age() >= maxAge + maxStale;
  const pause = (): number => cooldown * 2 ** Math.min(failures, 3);

  /** Milliseconds until the next fetch may start. Zero or less: now. */
  function pauseLeft(): number {
    return lastAttempt + pause() - monotonicTime();
  }

  /** Whether the endpoint is known to fail: the last attempt failed, and the next one is not overdue. */
  function isFailing(): boolean {
    return failures > 0 && pauseLeft() + timeout > 0;
  }

  /** Fetches the set unless the cool-down lasts. Concurrent calls share one fetch. */
  async function refresh(): Promise<void> {
    if (pauseLeft() > 0) return;
    fetching ??= fetchKeys().finally(() => {
      fetching = undefined;
    });
    await fetching;
  }

  /** Waits for a key set fetched at `time` or later. Returns undefined if the endpoint fails or the wait is too long. */
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

  /** Returns a valid key set. Waits for a fetch if there is none, or if the set is old and the endpoint is not known to fail. */
  async function usableKeys(): Promise<Keys> {
    const current = age();
    if (isTooOld() || (current >= maxAge && !isFailing())) await refresh();
    else if (current >= maxAge / 2) void refresh();
    if (keys === undefined || isTooOld()) throw unavailable();
    return keys;
  }

  function unavailable(): ConnectError {
    return new ConnectError(`key set unavailable: ${name}`, Code.Unavailable, undefined, undefined, failure);
  }

  /** A failed signature is final only until a newer set has been, or could be, fetched: the key may have changed. */
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
        // The key is new, or changed under its old `kid`, or the token is forged.
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
