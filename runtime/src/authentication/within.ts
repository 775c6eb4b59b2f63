import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Settles as a promise does, but for one that is late.
 *
 * @param time - in milliseconds.
 * @throws ConnectError with code `deadline_exceeded` where the time is over first.
 */
export function within<T>(time: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectError(`not within ${time} ms`, Code.DeadlineExceeded)), time);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
