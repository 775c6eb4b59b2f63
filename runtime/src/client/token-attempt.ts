import { Code, ConnectError } from "@connectrpc/connect";
import { startTimer, type Timer } from "../platform/clock.js";
import { untilAborted } from "./until-aborted.js";

/** One call of a token provider, shared by all waiting calls. */
export class TokenAttempt<T> {
  readonly #controller: AbortController = new AbortController();
  readonly #answer: Promise<T>;
  readonly #timer: Timer;
  #waiting = 0;
  #state: "pending" | "settled" | "late" | "abandoned" = "pending";

  /** @param time - the time limit in milliseconds. It holds even if the provider ignores its signal. */
  constructor(time: number, ask: (signal: AbortSignal) => T | Promise<T>) {
    const { signal } = this.#controller;
    this.#timer = startTimer(time, () => {
      this.#end("late", new ConnectError(`The token provider returned no token within ${time} ms`, Code.Unavailable));
    });
    this.#answer = untilAborted(signal, () => ask(signal)).finally(() => this.#end("settled"));
    // Avoids an unhandled rejection after all calls have left.
    this.#answer.catch(() => {});
  }

  /** Whether a call may still join the attempt. */
  get isPending(): boolean {
    return this.#state === "pending";
  }

  /** Whether the time limit passed before the provider answered. */
  get isLate(): boolean {
    return this.#state === "late";
  }

  /**
   * Waits for the answer. Abandons the attempt when the last waiting call leaves.
   *
   * @param signal - the signal of the waiting call.
   */
  async wait(signal: AbortSignal): Promise<T> {
    this.#waiting++;
    try {
      return await untilAborted(signal, () => this.#answer);
    } finally {
      if (--this.#waiting === 0) this.#end("abandoned");
    }
  }

  #end(state: "settled" | "late" | "abandoned", reason?: ConnectError): void {
    if (this.#state !== "pending") return;
    this.#state = state;
    this.#timer.cancel();
    if (state !== "settled") this.#controller.abort(reason);
  }
}
