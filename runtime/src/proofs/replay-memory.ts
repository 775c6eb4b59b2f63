import { type End, endIn, monotonicTime, wallTime } from "../platform/clock.js";

/** In milliseconds. */
const step = 1_000;

/**
 * The proofs that were used at this instance, until they are too old by a monotonic clock. While there is room, it remembers them
 * until the wall clock agrees: a wall clock that was set back makes a proof young again.
 */
export class ReplayMemory {
  readonly #maxSize: number;
  readonly #ttl: number;
  /** Oldest first. */
  readonly #used: Map<string, End> = new Map();
  /** The end of all proofs that are added within this step: an object for each takes as much room as its key. */
  #end: End = { until: 0, untilMonotonic: 0 };
  #nextEnd = Number.NEGATIVE_INFINITY;

  /** @param ttl - in milliseconds. */
  constructor(maxSize: number, ttl: number) {
    this.#maxSize = maxSize;
    this.#ttl = ttl;
  }

  /** Adds a key. Returns `used` if it is there, and `full` without room: a key is never forgotten early. */
  add(key: string): "new" | "used" | "full" {
    const [now, monotonic] = [wallTime(), monotonicTime()];
    this.#forgetOld(now, monotonic);
    if (this.#used.has(key)) return "used";
    if (this.#used.size >= this.#maxSize) return "full";
    // A step of the wall clock begins another one.
    if (monotonic >= this.#nextEnd || Math.abs(now + this.#ttl + step - this.#end.until) > step) {
      this.#end = endIn(this.#ttl + step);
      this.#nextEnd = monotonic + step;
    }
    this.#used.set(key, this.#end);
    return "new";
  }

  #forgetOld(now: number, monotonic: number): void {
    for (const [key, { until, untilMonotonic }] of this.#used) {
      if (monotonic < untilMonotonic) return;
      if (now < until && this.#used.size < this.#maxSize) return;
      this.#used.delete(key);
    }
  }
}
