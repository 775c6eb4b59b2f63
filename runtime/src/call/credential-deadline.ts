import { startTimer, type Timer, wallTime } from "../platform/clock.js";
import { wrapIterator } from "../platform/wrap-iterator.js";
import { onPulse, pulsePeriod } from "./pulse.js";

/**
 * Ends the parts of a streaming call when its credential counts no longer, also while they are waiting: on time by a timer
 * of its own, and within a second where the wall clock jumps or the credential is revoked. It ends with the call, and does
 * not keep the process alive. The timer starts shortly before the credential expires: most streams end without one.
 */
export class CredentialDeadline {
  readonly #expiresAt: number;
  readonly #check: () => void;
  #parts: readonly Part[] = [];
  /** What the stream ended with. */
  #end: { readonly error: unknown } | undefined;
  #timer: Timer | undefined;
  #stopPulse: (() => void) | undefined;

  /**
   * @param expiresAt - milliseconds since the epoch, or infinity.
   * @param signal - aborts when the call is over, for whatever reason.
   * @param check - throws where the credential counts no longer.
   */
  constructor(expiresAt: number, signal: AbortSignal, check: () => void) {
    this.#expiresAt = expiresAt;
    this.#check = check;
    // The client may leave while its credential is verified: nothing would end the timer.
    if (signal.aborted) return;
    this.#arm();
    this.#stopPulse = onPulse(() => {
      this.#look();
      this.#arm();
    });
    signal.addEventListener("abort", () => this.#disarm());
  }

  /** Settles as `promise` does, or rejects at the deadline. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return this.#race(this.#add({}), promise);
  }

  /**
   * Yields what `source` yields, or throws at the deadline; then `source` is asked to stop.
   *
   * @param check - throws where a message, or the end of the messages, may not be passed on.
   */
  iterate<T>(source: AsyncIterable<T>, check?: () => void): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: (): AsyncIterator<T> => {
        const it = source[Symbol.asyncIterator]();
        // A generator that is waiting takes the request to stop when it wakes; nobody waits for that.
        // What it throws, at once or later, would end the process: this is called by a timer.
        const stop = () =>
          void Promise.resolve()
            .then(() => it.return?.())
            .catch(() => {});
        const part = this.#add({ stop, ...(check && { check }) });
        // Before the first message: a generator starts then.
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

  /** One promise for a message, and no more: streams are long. */
  #race<T>(part: Part, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then((value) => {
        // Rejects, where the credential counts no longer.
        this.#look();
        try {
          part.check?.();
        } catch (error) {
          reject(error);
        }
        resolve(value);
        // Only now, since the look rejects by it. A stream may wait for long: it does not keep this value meanwhile.
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

/** A side of the call: its answer, the messages of the client, those of the handler. */
interface Part {
  /** Ends what is waiting now; nothing happens where nothing is. */
  reject?: ((error: unknown) => void) | undefined;
  readonly stop?: () => void;
  /** Throws where a message may not be passed on. */
  readonly check?: () => void;
}
