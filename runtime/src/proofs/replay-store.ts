/**
 * A store that remembers the used proofs of all instances. `add` must be atomic: of many concurrent calls with one key, exactly one
 * gets `true`.
 *
 * @example
 * const store: ReplayStore = {
 *   add: async (key, ttl) => (await redis.set(key, "", { NX: true, PX: ttl })) !== null,
 * };
 */
export interface ReplayStore {
  /**
   * Adds a key unless it is there. Returns false if it is.
   *
   * @param key - a digest.
   * @param ttl - lifetime in whole milliseconds, above 0.
   */
  add(key: string, ttl: number): boolean | Promise<boolean>;
}
