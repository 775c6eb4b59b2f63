/** Longest delay that `setTimeout` keeps, in milliseconds. */
const maxDelay = 2 ** 31 - 1;

/**
 * `setTimeout`, by a timer that does not keep the process alive. What is to happen in more than 24 days is called too
 * early: the callback has to look at the time.
 */
export function setBackgroundTimeout(callback: () => void, delay: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, Math.min(delay, maxDelay));
  // A number in browsers and on some edge runtimes, where nothing has to be unreferenced.
  if (typeof timer === "object") timer.unref();
  return timer;
}
