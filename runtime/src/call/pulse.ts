import { startTicker, type Timer } from "../platform/clock.js";

/** Time between two calls, in milliseconds. */
export const pulsePeriod = 1_000;

const listeners: Set<() => void> = /* @__PURE__ */ new Set();
let ticker: Timer | undefined;

/**
 * Calls `listener` once a second until it is told to stop. One timer serves all listeners, and runs only while there are any.
 *
 * @param listener - does not throw.
 * @returns stops the calls.
 *
 * @example
 * const stop = onPulse(() => stream.check());
 * signal.addEventListener("abort", stop);
 */
export function onPulse(listener: () => void): () => void {
  listeners.add(listener);
  ticker ??= startTicker(pulsePeriod, () => {
    for (const call of listeners) call();
  });
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    ticker?.cancel();
    ticker = undefined;
  };
}
