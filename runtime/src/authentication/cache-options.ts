import { checkOptionNames } from "../option-names.js";

/** How verified credentials are remembered: in this process, and in a store that processes share. */
export interface CacheOptions {
  /** How long an entry lives at most, in milliseconds. It never outlives its credential. By default, 300000: five minutes. */
  readonly ttl?: number;
  /** How many credentials are remembered in this process; the least recently used leave first. By default, 10000. */
  readonly maxSize?: number;
  /**
   * A store behind the memory of this process, such as a Keyv. Its keys are digests, its values identities without their
   * credentials: who can write to it can say who is calling. While it fails, credentials are verified. By default, none.
   */
  readonly store?: CacheStore;
  /**
   * Parts what several verifications keep in one store: those with equal namespaces believe each other. By default, all
   * that a scheme's options say; a scheme whose verification is a function needs one with a `store`.
   */
  readonly namespace?: string;
  /** How long an answer of the store is waited for, in milliseconds. By default, 250. */
  readonly storeTimeout?: number;
}

/** What a store has to offer. A `Keyv` does. */
export interface CacheStore {
  get(key: string): unknown;
  /** @param ttl - in milliseconds. */
  set(key: string, value: string, ttl: number): unknown;
  delete(key: string): unknown;
}

const optionNames: Readonly<Record<keyof CacheOptions, true>> = {
  ttl: true,
  maxSize: true,
  store: true,
  namespace: true,
  storeTimeout: true,
};

/** Cache options with their defaults. @throws TypeError naming the option that is malformed. */
export function checkCacheOptions(options: CacheOptions): CacheOptions & { ttl: number; maxSize: number } {
  checkOptionNames(options, optionNames, "cache");
  const { ttl = 300_000, maxSize = 10_000, store, namespace, storeTimeout = 250 } = options;
  for (const [name, value] of Object.entries({ ttl, storeTimeout })) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`cache.${name}: expected milliseconds above 0, got ${value}`);
    }
  }
  if (!(Number.isSafeInteger(maxSize) && maxSize > 0)) {
    throw new TypeError(`cache.maxSize: expected a whole number above 0, got ${maxSize}`);
  }
  for (const method of ["get", "set", "delete"] as const) {
    if ("store" in options && typeof store?.[method] !== "function") {
      throw new TypeError(
        `cache.store: expected a store with get, set and delete, such as a Keyv; it has no ${method}`,
      );
    }
  }
  if ("namespace" in options && (typeof namespace !== "string" || namespace === "")) {
    throw new TypeError("cache.namespace: expected a non-empty string");
  }
  return { ...options, ttl, maxSize, storeTimeout };
}
