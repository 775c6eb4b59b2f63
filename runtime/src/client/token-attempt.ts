import { Code, ConnectError } from "@connectrpc/connect";
import { startTimer, type Timer } from "../platform/clock.js";
import { untilAborted } from "./until-aborted.js";

/** One question to a provider, for all calls that wait for its answer. */
export class TokenAttempt<T> {
  readonly #controller: AbortController = new AbortController();
  readonly #answer: Promise<T>;
  readonly #timer: Timer;
  #waiting = 0;
  #state: "pending" | "settled" | "late" | "abandoned" = "pending";

  /** @param time - the time limit, in milliseconds, whatever the provider does with its signal. */
  constructor(time: number, ask: (signal: AbortSignal) => T | Promise<T>) {
    const { signal } = this.#controller;
    this.#timer = startTimer(time, () => {
      this.#end("late", new ConnectError(`The token provider gave no token within ${time} ms`, Code.Unavailable));
    });
    this.#answer = untilAborted(signal, () => ask(signal)).finally(() => this.#end("settled"));
    // Nobody may be left to hear of a failure.
    this.#answer.catch(() => {});
  }

  /** Whether a call may still join it. */
  get isPending(): boolean {
    return this.#state === "pending";
  }

  /** Whether its time was over before the provider answered. */
  get isLate(): boolean {
    return this.#state === "late";
  }

  /**
   * Waits for the answer. Abandons the attempt when the last of those who wait has left.
   *
   * @param signal - of the call that waits.
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
