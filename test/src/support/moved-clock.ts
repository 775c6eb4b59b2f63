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

/** The real timer, kept before a test replaces the global one. */
const { setTimeout: startRealTimer } = globalThis;

/**
 * Lets time pass until the promise settles. Sockets and threads get 50 real turns first, so that a busy machine does not
 * make a call late. After that, each turn moves the clock by ten milliseconds.
 */
export async function passUntil<T>(promise: Promise<T>): Promise<T> {
  let isPending = true;
  const settle = () => {
    isPending = false;
  };
  promise.then(settle, settle);
  for (let turn = 0; isPending; turn++) {
    await new Promise((resolve) => startRealTimer(resolve, 1));
    if (turn >= 50) await vi.advanceTimersByTimeAsync(10);
  }
  return promise;
}
