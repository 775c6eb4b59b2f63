import { vi } from "vitest";

/**
 * Stops both clocks and the timers while `use` runs, for `vi.advanceTimersByTimeAsync` to move them. Sockets go on as ever.
 *
 * Handlers that pause by `setTimeout` stop as well. Wait for events, not by `vi.waitFor`: it moves the clock.
 */
export async function withMovedClock<T>(use: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  try {
    return await use();
  } finally {
    vi.useRealTimers();
  }
}

/** Lets time pass, one millisecond after the other, until the promise settles. */
export async function passUntil<T>(promise: Promise<T>): Promise<T> {
  let isPending = true;
  const settle = () => {
    isPending = false;
  };
  promise.then(settle, settle);
  while (isPending) await vi.advanceTimersByTimeAsync(1);
  return promise;
}
