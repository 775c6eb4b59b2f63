import { monotonicTime, wallTime } from "./clock.js";

/**
 * The end of a period, by whichever clock is first. The wall clock can be set back. The monotonic clock stops while the machine
 * sleeps.
 */
export interface End {
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly untilMonotonic: number;
}

/** Returns the end of a period that begins now, in milliseconds. */
export function endIn(ttl: number): End {
  return { until: wallTime() + ttl, untilMonotonic: monotonicTime() + ttl };
}

export function hasEnded({ until, untilMonotonic }: End): boolean {
  return wallTime() >= until || monotonicTime() >= untilMonotonic;
}
