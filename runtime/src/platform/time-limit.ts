import { Code, ConnectError } from "@connectrpc/connect";
import { monotonicTime, startTimer } from "./clock.js";

interface Waiting {
  /** By a clock that never goes back. */
  readonly due: number;
  readonly reject: (error: ConnectError) => void;
}

/**
 * Rejects promises that are late. One timer serves all, and stays armed when nobody waits any more: a timer for each
 * promise would cost as much as a signature takes to verify.
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

  /** How many promises are being waited for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Settles as the promise does, of whatever realm or library it is.
   *
   * @throws ConnectError with code `deadline_exceeded` where the time is over first.
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
