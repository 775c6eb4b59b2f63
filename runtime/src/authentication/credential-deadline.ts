import type { ConnectError } from "@connectrpc/connect";

/** Longest delay that `setTimeout` keeps, in milliseconds. */
const maxDelay = 2 ** 31 - 1;

/**
 * Ends the parts of a streaming call when its credential expires, also while
 * they are waiting. The timer does not keep the process alive.
 */
export class CredentialDeadline {
  readonly #expiresAt: number;
  readonly #createError: () => ConnectError;
  readonly #waiting: Set<(error: ConnectError) => void> = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param expiresAt - milliseconds since the epoch. */
  constructor(expiresAt: number, createError: () => ConnectError) {
    this.#expiresAt = expiresAt;
    this.#createError = createError;
    this.#arm();
  }

  /** Settles as `promise` does, or rejects at the deadline. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(reject));
      if (this.#isOver()) this.#expire();
    });
  }

  /** Yields what `source` yields, or throws at the deadline; then `source` is asked to stop. */
  iterate<T>(source: AsyncIterable<T>, onEnd?: () => void): AsyncIterable<T> {
    const deadline = this;
    return {
      [Symbol.asyncIterator](): AsyncIterator<T> {
        const it = source[Symbol.asyncIterator]();
        return {
          async next() {
            try {
              const result = await deadline.guard(it.next());
              if (result.done) onEnd?.();
              return result;
            } catch (error) {
              onEnd?.();
              if (deadline.#isOver()) stop(it);
              throw error;
            }
          },
          async return(value) {
            onEnd?.();
            return (await it.return?.(value)) ?? { done: true, value };
          },
        };
      },
    };
  }

  /** Ends the deadline: the call is over. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  #isOver(): boolean {
    return Date.now() >= this.#expiresAt;
  }

  #arm(): void {
    const delay = Math.min(Math.max(this.#expiresAt - Date.now(), 0), maxDelay);
    this.#timer = setTimeout(() => (this.#isOver() ? this.#expire() : this.#arm()), delay);
    // A number in browsers and on some edge runtimes, where nothing has to be unreferenced.
    if (typeof this.#timer === "object") this.#timer.unref();
  }

  #expire(): void {
    for (const reject of this.#waiting) reject(this.#createError());
    this.#waiting.clear();
  }
}

function stop(it: AsyncIterator<unknown>): void {
  // A generator that is waiting takes the request when it wakes; nobody waits for that.
  it.return?.().catch(() => {});
}
