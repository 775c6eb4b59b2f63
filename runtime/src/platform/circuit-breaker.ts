import { monotonicTime } from "./clock.js";

/** Failures in a row that open the circuit. Fewer may come from single requests. */
const threshold = 3;

/** Longest pause, as a multiple of the shortest. */
const maxFactor = 8;

/**
 * Keeps calls away from an endpoint that fails (circuit breaker). After three failures in a row, calls fail at once for the pause.
 * Then one call at a time tries the endpoint. Each further failure doubles the pause, up to eight times. A success ends it.
 */
export class CircuitBreaker {
  readonly #pause: number;
  #failures = 0;
  #factor = 1;
  #until = Number.NEGATIVE_INFINITY;
  #isTrying = false;
  #failure: unknown;

  /** @param pause - the shortest pause, in milliseconds. */
  constructor(pause: number) {
    this.#pause = pause;
  }

  /**
   * Calls the endpoint, or fails at once.
   *
   * @param call - must settle in bounded time.
   * @param counts - whether an error is a failure of the endpoint. Others neither open nor close the circuit.
   * @param refuse - returns the error of a call that is kept away, by the last failure.
   */
  async run<T>(
    call: () => Promise<T>,
    counts: (error: unknown) => boolean,
    refuse: (failure: unknown) => unknown,
  ): Promise<T> {
    const isOpen = this.#failures >= threshold;
    if (isOpen && (this.#isTrying || monotonicTime() < this.#until)) throw refuse(this.#failure);
    if (isOpen) this.#isTrying = true;
    try {
      const result = await call();
      this.#failures = 0;
      this.#factor = 1;
      return result;
    } catch (error) {
      if (counts(error)) this.#fail(error, isOpen);
      throw error;
    } finally {
      if (isOpen) this.#isTrying = false;
    }
  }

  /** @param isTrial - false for a call that began before the circuit opened: many can fail at the same time. */
  #fail(error: unknown, isTrial: boolean): void {
    this.#failure = error;
    this.#failures++;
    if (!isTrial && this.#failures !== threshold) return;
    this.#until = monotonicTime() + this.#pause * this.#factor;
    this.#factor = Math.min(this.#factor * 2, maxFactor);
  }
}
