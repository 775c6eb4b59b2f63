import { monotonicTime } from "../platform/clock.js";
import { kindOf } from "../platform/error-kind.js";
import { TimeLimit } from "../platform/time-limit.js";
import { createRareWarning } from "../platform/warn.js";
import type { CacheStore } from "./cache-options.js";

/** Pause after a failure of the store, in milliseconds. */
const pause = 1_000;

/** Shortest time between two warnings of one kind, in milliseconds. */
const warningPeriod = 600_000;

/**
 * Texts in a store that processes share. `get`, `set` and `delete` never throw, and wait no longer than the timeout. After a
 * failure, the store gets a pause of a second, so that calls do not wait one after the other. Failures are logged at a bounded
 * rate, without keys and values.
 */
export class SharedStore {
  readonly #store: CacheStore;
  readonly #timeLimit: TimeLimit;
  readonly #option: string;
  readonly #warnOfFailure: (text: string) => void = createRareWarning(warningPeriod);
  readonly #warnOfValue: (text: string) => void = createRareWarning(warningPeriod);
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param timeout - in milliseconds.
   * @param option - the name of the store's option, for warnings.
   */
  constructor(store: CacheStore, timeout: number, option = "cache.store") {
    this.#store = store;
    this.#timeLimit = new TimeLimit(timeout);
    this.#option = option;
  }

  /**
   * Returns the text under a key. Undefined without one, and without an answer. Decodes bytes. Some stores parse JSON: their
   * values are encoded again.
   */
  async get(key: string): Promise<string | undefined> {
    return textOf(await this.#ask("get", () => this.#store.get(key)));
  }

  /** @param ttl - in milliseconds; less than 1 stores nothing. */
  set(key: string, text: string, ttl: number): void {
    this.#ask("set", () => this.put(key, text, ttl)).then((taken) => {
      if (taken === false) this.#reportFailure("set returned false");
    });
  }

  delete(key: string): void {
    void this.#ask("delete", () => this.#store.delete(key));
  }

  /**
   * As `set`, but waits for the store. Returns false if the store does, like a Keyv without a connection.
   *
   * @throws errors of the store; ConnectError with code `deadline_exceeded` for a late one.
   */
  async put(key: string, text: string, ttl: number): Promise<boolean> {
    // Redis accepts only whole milliseconds above 0.
    const whole = Math.min(Math.floor(ttl), Number.MAX_SAFE_INTEGER);
    if (whole < 1) return true;
    return (await this.#timeLimit.within(this.#store.set(key, text, whole))) !== false;
  }

  /**
   * As `put`, and reads the text back: a Keyv over Redis returns true for a write that Redis refused. Returns undefined if the
   * store accepted nothing.
   */
  async putAndRead(key: string, text: string, ttl: number): Promise<string | undefined> {
    if (!(await this.put(key, text, ttl))) return undefined;
    return textOf(await this.#timeLimit.within(this.#store.get(key)));
  }

  /** Logs that the store changed a text. */
  reportUnreadable(): void {
    this.#warnOfValue(
      `${this.#option}: get returned a value that this version did not write; expected the text given to set, as it was`,
    );
  }

  async #ask(method: string, ask: () => unknown): Promise<unknown> {
    if (monotonicTime() < this.#pausedUntil) return undefined;
    try {
      return await this.#timeLimit.within(ask());
    } catch (error) {
      this.#pausedUntil = monotonicTime() + pause;
      const kind = kindOf(error);
      const isLate = kind.includes("DeadlineExceeded");
      this.#reportFailure(isLate ? `${method} did not answer in time` : `${method} failed (${kind})`);
      return undefined;
    }
  }

  #reportFailure(failure: string): void {
    this.#warnOfFailure(`${this.#option}: ${failure}; calls go on without the store`);
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  if (ArrayBuffer.isView(value)) return new TextDecoder().decode(value);
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    // A circular value is unreadable, not absent.
    return "";
  }
}
