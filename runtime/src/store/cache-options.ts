import { ownMembers, readOptions } from "../options/option-names.js";

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

const optionNames: Readonly<Record<keyof CacheOptions, true>> = {
  ttl: true,
  maxSize: true,
  store: true,
  namespace: true,
  secret: true,
  storeTimeout: true,
};

/** Cache options with their defaults. @throws TypeError naming the option that is malformed. */
export function checkCacheOptions(options: CacheOptions): CacheOptions & { ttl: number; maxSize: number } {
  const own = readOptions(options, optionNames, "cache");
  const { ttl = 300_000, maxSize = 10_000, store, namespace, secret, storeTimeout = 250 } = own;
  for (const [name, value] of Object.entries({ ttl, storeTimeout })) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`cache.${name}: expected milliseconds above 0, got ${value}`);
    }
  }
  if (!(Number.isSafeInteger(maxSize) && maxSize > 0)) {
    throw new TypeError(`cache.maxSize: expected a whole number above 0, got ${maxSize}`);
  }
  if ("store" in own) checkStore(store, "cache.store");
  if ("secret" in own) {
    if (typeof secret !== "string" || secret.length < 32) {
      throw new TypeError("cache.secret: expected at least 32 characters; is an environment variable missing?");
    }
    if (store === undefined) throw new TypeError("cache.secret: has no effect without a store");
  }
  if ("namespace" in own && (typeof namespace !== "string" || namespace === "")) {
    throw new TypeError("cache.namespace: expected a non-empty string");
  }
  return ownMembers({ ...own, ttl, maxSize, storeTimeout });
}

/** @throws TypeError where a store lacks what is called. */
export function checkStore(store: Partial<CacheStore> | undefined, option: string): void {
  for (const method of ["get", "set", "delete"] as const) {
    if (typeof store?.[method] !== "function") {
      throw new TypeError(
        `${option}: expected a store with get, set and delete, such as a Keyv; it has no ${method}. Wrap other clients: { get, set, delete }`,
      );
    }
  }
}
