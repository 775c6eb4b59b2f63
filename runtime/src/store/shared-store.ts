import { monotonicTime } from "../platform/clock.js";
import { kindOf } from "../platform/error-kind.js";
import { TimeLimit } from "../platform/time-limit.js";
import { createRareWarning } from "../platform/warn.js";
import type { CacheStore } from "./cache-options.js";

/** How long a store is left alone after it failed, in milliseconds. */
const pause = 1_000;

/** Shortest time between two warnings of one kind, in milliseconds. */
const warningPeriod = 600_000;

/**
 * Texts in a store that processes share. `get`, `set` and `delete` never throw and never wait longer than the timeout. A store
 * that fails is left alone for a second, so that calls do not wait for it one after the other. Failures are logged at a
 * bounded rate, without keys and values.
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
   * The text under a key; undefined where the store has nothing, or does not answer. Bytes are decoded. A store that parses
   * JSON gives a value instead of the text: its JSON is returned.
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
   * As `set`, but waits for the store. False where the store answers so, as a Keyv does whose connection fails.
   *
   * @throws what the store throws; ConnectError with code `deadline_exceeded` for a store that is late.
   */
  async put(key: string, text: string, ttl: number): Promise<boolean> {
    // Redis takes whole milliseconds above 0, and refuses all others.
    const whole = Math.min(Math.floor(ttl), Number.MAX_SAFE_INTEGER);
    if (whole < 1) return true;
    return (await this.#timeLimit.within(this.#store.set(key, text, whole))) !== false;
  }

  /**
   * As `put`, and returns the text that the store has then: a Keyv over Redis answers true for a write that Redis refused.
   * Undefined where the store took nothing.
   */
  async putAndRead(key: string, text: string, ttl: number): Promise<string | undefined> {
    if (!(await this.put(key, text, ttl))) return undefined;
    return textOf(await this.#timeLimit.within(this.#store.get(key)));
  }

  /** Logs that the store does not return texts as they were written. */
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
    // It refers to itself. Unreadable, and not absent.
    return "";
  }
}
