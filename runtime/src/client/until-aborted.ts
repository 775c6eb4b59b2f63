import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Settles like the work, or rejects when the signal aborts. Does not start the work if the signal has already aborted.
 *
 * @throws ConnectError with the signal's reason: `deadline_exceeded` or `canceled`.
 */
export function untilAborted<T>(signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(ConnectError.from(signal.reason, Code.Canceled));
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave, { once: true });
    const working = (async () => work())();
    working.finally(() => signal.removeEventListener("abort", leave)).then(resolve, reject);
  });
}
