import { type Check, count, milliseconds, text, withDefault } from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";

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
  /**
   * Encrypts what is kept in the store (AES-256-GCM): entries can then neither be read nor made up by who has the store
   * alone. At least 32 characters, the same for all who share the store. By default, none: identities are kept as JSON.
   */
  readonly secret?: string;
  /** How long an answer of the store is waited for, in milliseconds. By default, 250. */
  readonly storeTimeout?: number;
}

/**
 * A store that processes share. A `Keyv` is one; a client of Redis needs a wrapper, for its `del` and its way to say a `ttl`.
 *
 * @example
 * const store: CacheStore = {
 *   get: (key) => redis.get(key),
 *   set: (key, value, ttl) => redis.set(key, value, "PX", ttl),
 *   delete: (key) => redis.del(key),
 * };
 */
export interface CacheStore {
  /** The text that was set, its bytes, or the value that its JSON stands for; undefined or null where there is none. */
  get(key: string): unknown;
  /**
   * False says that the value was not taken.
   *
   * @param value - JSON.
   * @param ttl - in whole milliseconds, above 0. The store forgets the value then.
   */
  set(key: string, value: string, ttl: number): unknown;
  delete(key: string): unknown;
}

const methods = ["get", "set", "delete"] as const;

/** The check of a store, which is an object of any class. */
export const storeCheck: Check = {
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

/** Reads the options of a cache. @throws TypeError naming the option that is malformed. */
export function readCacheOptions(options: CacheOptions): Read<CacheOptions, Defaulted> {
  const own = readOptions("cache", options, cacheOptions, "cache.");
  if (own.secret !== undefined && own.store === undefined) {
    throw new TypeError("cache.secret: has no effect without a store");
  }
  return own;
}
