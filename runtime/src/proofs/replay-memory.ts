import { type End, endIn, monotonicTime, wallTime } from "../platform/clock.js";

/**
 * The proofs that were used at this instance, until they are too old by a monotonic clock. While there is room, it remembers them
 * until the wall clock agrees: a wall clock that was set back makes a proof young again.
 */
export class ReplayMemory {
  readonly #maxSize: number;
  /** Oldest first. */
  readonly #used: Map<string, End> = new Map();

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** The number of remembered proofs. */
  get size(): number {
    return this.#used.size;
  }

  /**
   * Adds a key. Returns `used` if it is there, and `full` without room: a key is never forgotten early.
   *
   * @param ttl - in milliseconds, the same for all keys.
   */
  add(key: string, ttl: number): "new" | "used" | "full" {
    this.#forgetOld();
    if (this.#used.has(key)) return "used";
    if (this.#used.size >= this.#maxSize) return "full";
    this.#used.set(key, endIn(ttl));
    return "new";
  }

  #forgetOld(): void {
    const [now, monotonic] = [wallTime(), monotonicTime()];
    for (const [key, { until, untilMonotonic }] of this.#used) {
      if (monotonic < untilMonotonic) return;
      if (now < until && this.#used.size < this.#maxSize) return;
      this.#used.delete(key);
    }
  }
}
