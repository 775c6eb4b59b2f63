import { count, milliseconds, type OptionCheck, text, withDefault } from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";

/** Options of a cache of verified credentials, in this process and in a shared store. */
export interface CacheOptions {
  /** Longest lifetime of an entry in milliseconds, bounded by its credential. By default, 300000: five minutes. */
  readonly ttl?: number;
  /** Most entries in this process. The least recently used are dropped first. By default, 10000. */
  readonly maxSize?: number;
  /**
   * A store that processes share, such as a Keyv. Keys are digests; values are identities without credentials. Write access to it
   * can forge identities, unless `secret` is set. During its outages, credentials are verified. By default, none.
   */
  readonly store?: CacheStore;
  /**
   * Separates verifiers that share a store: an entry is trusted only within its namespace. By default, the options of the scheme. A
   * scheme that verifies by a function needs one with a `store`.
   */
  readonly namespace?: string;
  /**
   * Encrypts and authenticates entries of the store (AES-256-GCM). At least 32 characters, equal for all processes. By default,
   * none: identities are plain JSON.
   */
  readonly secret?: string;
  /** Longest wait for the store in milliseconds. By default, 250. */
  readonly storeTimeout?: number;
}

/**
 * A store that processes share. A `Keyv` is one. A Redis client needs a wrapper.
 *
 * @example
 * const store: CacheStore = {
 *   get: (key) => redis.get(key),
 *   set: (key, value, ttl) => redis.set(key, value, "PX", ttl),
 *   delete: (key) => redis.del(key),
 * };
 */
export interface CacheStore {
  /** Returns the text, its bytes, or the value of its JSON. Undefined or null without one. */
  get(key: string): unknown;
  /**
   * Returns false if the value was not accepted.
   *
   * @param value - JSON.
   * @param ttl - lifetime in whole milliseconds, above 0.
   */
  set(key: string, value: string, ttl: number): unknown;
  delete(key: string): unknown;
}

const methods = ["get", "set", "delete"] as const;

/** Accepts an object of any class with the methods of a store. */
export const storeCheck: OptionCheck = {
  accepts: (value) => methods.every((method) => typeof Object(value)[method] === "function"),
  expected: "a store with the methods get, set and delete, such as a Keyv; wrap other clients: { get, set, delete }",
};

type Defaulted = "ttl" | "maxSize" | "storeTimeout";

const cacheOptions = (): OptionTable<CacheOptions, Defaulted> => ({
  ttl: withDefault(milliseconds, 300_000),
  maxSize: withDefault(count, 10_000),
  store: storeCheck,
  namespace: text,
  secret: {
    accepts: (value) => typeof value === "string" && value.length >= 32,
    expected: "at least 32 characters",
    environment: true,
  },
  storeTimeout: withDefault(milliseconds, 250),
});

/** Reads the options of a cache. @throws TypeError naming the malformed option. */
export function readCacheOptions(options: CacheOptions): Read<CacheOptions, Defaulted> {
  const own = readOptions("cache", options, cacheOptions, "cache.");
  if (own.secret !== undefined && own.store === undefined) {
    throw new TypeError("cache.secret: has no effect without a store");
  }
  return own;
}
