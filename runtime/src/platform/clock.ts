/**
 * The wall clock, in milliseconds since the epoch. For times that others wrote, such as `exp`. It can step in both directions.
 */
export function wallTime(): number {
  return Date.now();
}

/**
 * A monotonic clock, in milliseconds. For durations: time limits, ages, cool-downs. It never steps back, and may stand still
 * while the machine sleeps.
 */
export function monotonicTime(): number {
  return performance.now();
}

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

/** A timer that has been started. */
export interface Timer {
  /** Does nothing after the timer has fired. */
  cancel(): void;
}

/** Longest delay that `setTimeout` keeps, in milliseconds. It fires longer ones at once. */
const maxDelay = 2 ** 31 - 1;

/**
 * Calls `callback` once, after `delay` milliseconds of any length. The timer does not keep the process alive.
 *
 * @example
 * const timer = startTimer(limits.verificationTime, () => reject(tooLate()));
 * timer.cancel();
 */
export function startTimer(delay: number, callback: () => void): Timer {
  let handle: ReturnType<typeof setTimeout>;
  function arm(left: number): void {
    handle = setTimeout(() => (left > maxDelay ? arm(left - maxDelay) : callback()), Math.min(left, maxDelay));
    // Browsers and some edge runtimes return a number. Their timers keep no process alive.
    if (typeof handle === "object") handle.unref();
  }
  arm(delay);
  return { cancel: () => clearTimeout(handle) };
}

/**
 * Calls `callback` once in every `period`, in milliseconds, until it is cancelled. It does not keep the process alive.
 * After a machine slept, it calls within one period of waking.
 *
 * @example
 * const ticker = startTicker(1_000, () => lookAtStreams());
 * ticker.cancel();
 */
export function startTicker(period: number, callback: () => void): Timer {
  const handle: ReturnType<typeof setInterval> = setInterval(callback, period);
  if (typeof handle === "object") handle.unref();
  return { cancel: () => clearInterval(handle) };
}

/**
 * Calls `callback` in this turn of the event loop, after the calls that are waiting for their answers from the network.
 *
 * @throws ReferenceError in a runtime without `setImmediate`.
 */
export function afterThisTurn(callback: () => void): void {
  setImmediate(callback);
}
