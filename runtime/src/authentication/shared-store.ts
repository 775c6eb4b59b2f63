import type { CacheStore } from "./cache-options.js";
import { TimeLimit } from "./time-limit.js";

/** How long a store is left alone after it failed, in milliseconds. */
const pause = 1_000;

/**
 * A store that can only help: it never throws, it answers within a bounded time or not at all, and while it fails it is
 * left alone, so that calls do not wait for it one after the other.
 */
export class SharedStore {
  readonly #store: CacheStore;
  readonly #timeLimit: TimeLimit;
  #pausedUntil = 0;

  /** @param timeout - in milliseconds. */
  constructor(store: CacheStore, timeout: number) {
    this.#store = store;
    this.#timeLimit = new TimeLimit(timeout);
  }

  /** What the store has; undefined where it has nothing, or does not answer. */
  get(key: string): Promise<unknown> {
    return this.#ask(() => this.#store.get(key));
  }

  /** @param ttl - in milliseconds. */
  set(key: string, value: string, ttl: number): void {
    void this.#ask(() => this.#store.set(key, value, ttl));
  }

  delete(key: string): void {
    void this.#ask(() => this.#store.delete(key));
  }

  async #ask(ask: () => unknown): Promise<unknown> {
    if (Date.now() < this.#pausedUntil) return undefined;
    try {
      return await this.#timeLimit.within(Promise.resolve(ask()));
    } catch {
      this.#pausedUntil = Date.now() + pause;
      return undefined;
    }
  }
}
