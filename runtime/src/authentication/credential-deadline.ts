import type { ConnectError } from "@connectrpc/connect";
import { startTimer, type Timer, wallTime } from "../clock.js";

/**
 * Ends the parts of a streaming call when its credential expires, also while they are waiting. The timer ends with the
 * call, and does not keep the process alive.
 */
export class CredentialDeadline {
  readonly #expiresAt: number;
  readonly #createError: () => ConnectError;
  readonly #parts: Part[] = [];
  #isOver = false;
  #timer: Timer | undefined;

  /**
   * @param expiresAt - milliseconds since the epoch.
   * @param signal - aborts when the call is over, for whatever reason.
   */
  constructor(expiresAt: number, signal: AbortSignal, createError: () => ConnectError) {
    this.#expiresAt = expiresAt;
    this.#createError = createError;
    // The client may leave while its credential is verified: nothing would end the timer.
    if (signal.aborted) return;
    this.#arm();
    signal.addEventListener("abort", () => this.#timer?.cancel());
  }

  /** Settles as `promise` does, or rejects at the deadline. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return this.#race(this.#add({}), promise);
  }

  /** Yields what `source` yields, or throws at the deadline; then `source` is asked to stop. */
  iterate<T>(source: AsyncIterable<T>): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: (): AsyncIterator<T> => {
        const it = source[Symbol.asyncIterator]();
        const { return: end, throw: fail } = it;
        // A generator that is waiting takes the request to stop when it wakes; nobody waits for that.
        // What it throws, at once or later, would end the process: this is called by a timer.
        const stop = () =>
          void Promise.resolve()
            .then(() => end?.call(it))
            .catch(() => {});
        const part = this.#add({ stop });
        if (this.#isOver) stop();
        return {
          next: () => (this.#isOver ? Promise.reject(this.#createError()) : this.#race(part, it.next())),
          ...(end && { return: (value) => end.call(it, value) }),
          ...(fail && { throw: (error) => fail.call(it, error) }),
        };
      },
    };
  }

  #add(part: Part): Part {
    this.#parts.push(part);
    return part;
  }

  /** One promise for a message, and no more: streams are long. */
  #race<T>(part: Part, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject);
      part.reject = reject;
    });
  }

  #arm(): void {
    const left = Math.max(this.#expiresAt - wallTime(), 0);
    this.#timer = startTimer(left, () => (wallTime() >= this.#expiresAt ? this.#expire() : this.#arm()));
  }

  #expire(): void {
    this.#isOver = true;
    for (const { reject, stop } of this.#parts) {
      reject?.(this.#createError());
      stop?.();
    }
  }
}

/** A side of the call: its answer, the messages of the client, those of the handler. */
interface Part {
  /** Ends what is waiting now; nothing happens where nothing is. */
  reject?: (error: ConnectError) => void;
  readonly stop?: () => void;
}
