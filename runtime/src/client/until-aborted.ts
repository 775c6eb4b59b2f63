import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Settles as the work does, or when the signal is aborted. Does not start if it is aborted already.
 *
 * @throws ConnectError for the signal's reason: `deadline_exceeded` or `canceled`.
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
