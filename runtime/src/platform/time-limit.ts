import { Code, ConnectError } from "@connectrpc/connect";
import { monotonicTime, startTimer } from "./clock.js";

interface Waiting {
  /** By a clock that never goes back. */
  readonly due: number;
  readonly reject: (error: ConnectError) => void;
}

/**
 * Rejects late promises. One timer serves all, and stays armed without waiting promises: a timer for each promise costs as
 * much as the verification of a signature.
 */
export class TimeLimit {
  readonly #time: number;
  /** In the order in which they are due, since all are given the same time. */
  readonly #waiting: Set<Waiting> = new Set();
  #armed = false;

  /** @param time - in milliseconds. */
  constructor(time: number) {
    this.#time = time;
  }

  /** The number of waiting promises. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Settles with the promise, which may be of any realm or library.
   *
   * @throws ConnectError with code `deadline_exceeded` for a late promise.
   */
  within<T>(promise: T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { due: monotonicTime() + this.#time, reject };
      this.#waiting.add(waiting);
      if (!this.#armed) this.#arm(this.#time);
      Promise.resolve(promise).then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  #arm(delay: number): void {
    this.#armed = true;
    startTimer(delay, () => this.#rejectLate());
  }

  #rejectLate(): void {
    this.#armed = false;
    for (const waiting of this.#waiting) {
      const left = waiting.due - monotonicTime();
      if (left > 0) {
        this.#arm(left);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.reject(new ConnectError(`not within ${this.#time} ms`, Code.DeadlineExceeded));
    }
  }
}
