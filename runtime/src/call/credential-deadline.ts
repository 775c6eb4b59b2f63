import { startTimer, type Timer, wallTime } from "../platform/clock.js";
import { wrapIterator } from "../platform/wrap-iterator.js";
import { onPulse, pulsePeriod } from "./pulse.js";

/**
 * Watches an open stream. It receives a function that ends the stream with an error, and returns one that stops. Returns
 * undefined if nothing needs to be watched.
 */
export type Watch = (end: (error: unknown) => void) => (() => void) | undefined;

/**
 * Ends the parts of a streaming call with its credential, even while they wait. After a clock jump or a revocation it ends them
 * within a second. It stops with the call, and does not keep the process alive. Its timer starts shortly before the expiry:
 * most streams end without one.
 */
export class CredentialDeadline {
  readonly #expiresAt: number;
  readonly #check: () => void;
  #parts: readonly Part[] = [];
  /** The error that ended the stream. */
  #end: { readonly error: unknown } | undefined;
  #timer: Timer | undefined;
  #stopPulse: (() => void) | undefined;
  #stopWatches: readonly (() => void)[] = [];

  /**
   * @param expiresAt - milliseconds since the epoch, or infinity.
   * @param signal - aborts at the end of the call.
   * @param check - throws for an invalid credential.
   * @param watches - end the stream for reasons that `check` does not see.
   */
  constructor(expiresAt: number, signal: AbortSignal, check: () => void, watches: readonly Watch[]) {
    this.#expiresAt = expiresAt;
    this.#check = check;
    // The client may have left during verification: nothing would stop the timer.
    if (signal.aborted) return;
    this.#arm();
    this.#stopPulse = onPulse(() => {
      this.#look();
      this.#arm();
    });
    for (const watch of watches) {
      const stop = watch((error) => this.#stopAll(error));
      if (stop) this.#stopWatches = [...this.#stopWatches, stop];
    }
    signal.addEventListener("abort", () => this.#disarm());
  }

  /** Settles with `promise`, or rejects at the deadline. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return this.#race(this.#add({}), promise);
  }

  /**
   * Yields the messages of `source`, or throws at the deadline and stops `source`.
   *
   * @param check - throws if a message, or the end, must not be passed on.
   */
  iterate<T>(source: AsyncIterable<T>, check?: () => void): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: (): AsyncIterator<T> => {
        const it = source[Symbol.asyncIterator]();
        // A waiting generator stops when it wakes: do not wait for it. A timer calls this, so an error would end the process.
        const stop = () =>
          void Promise.resolve()
            .then(() => it.return?.())
            .catch(() => {});
        const part = this.#add({ stop, ...(check && { check }) });
        // Before the first message: that starts a generator.
        this.#look();
        if (this.#end) stop();
        return wrapIterator(it, () => (this.#end ? Promise.reject(this.#end.error) : this.#race(part, it.next())));
      },
    };
  }

  #add(part: Part): Part {
    // Not `push`, which makes room for more parts than a call has.
    this.#parts = [...this.#parts, part];
    return part;
  }

  /** One promise for each message: streams are long. */
  #race<T>(part: Part, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then((value) => {
        // Rejects for an invalid credential.
        this.#look();
        try {
          part.check?.();
        } catch (error) {
          reject(error);
        }
        resolve(value);
        // After the checks, which reject through it. Without it, a waiting stream does not keep the value.
        if (part.reject === reject) part.reject = undefined;
      }, reject);
      part.reject = reject;
    });
  }

  /** Starts the timer, unless a later pulse is early enough. */
  #arm(): void {
    const left = this.#expiresAt - wallTime();
    if (this.#end !== undefined || this.#timer !== undefined || left > 2 * pulsePeriod) return;
    this.#timer = startTimer(Math.max(left, 0), () => {
      this.#timer = undefined;
      this.#look();
      this.#arm();
    });
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#stopPulse?.();
    for (const stop of this.#stopWatches) stop();
  }

  #look(): void {
    if (this.#end) return;
    try {
      this.#check();
    } catch (error) {
      this.#stopAll(error);
    }
  }

  #stopAll(error: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    this.#disarm();
    for (const { reject, stop } of this.#parts) {
      reject?.(error);
      stop?.();
    }
  }
}

/** A part of the call: its answer, the client's messages, or the handler's messages. */
interface Part {
  /** Ends the current wait. Undefined without one. */
  reject?: ((error: unknown) => void) | undefined;
  readonly stop?: () => void;
  /** Throws if a message must not be passed on. */
  readonly check?: () => void;
}
