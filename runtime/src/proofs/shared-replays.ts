import { Code, ConnectError } from "@connectrpc/connect";
import { builtIn } from "../platform/built-in.js";
import { monotonicTime } from "../platform/clock.js";
import { kindOf } from "../platform/error-kind.js";
import { TimeLimit } from "../platform/time-limit.js";
import { createRareWarning } from "../platform/warn.js";
import type { CacheStore } from "../store/cache-options.js";
import type { ReplayStore } from "./replay-store.js";

/** Pause after a failure of a store that may fail, in milliseconds. */
const pause = 1_000;

/** Shortest time between two warnings, in milliseconds. */
const warningPeriod = 600_000;

/** The used proofs of all instances, in a store. */
export class SharedReplays {
  readonly #add: (key: string, ttl: number) => Promise<boolean>;
  readonly #mayFail: boolean;
  readonly #timeLimit: TimeLimit;
  readonly #warn: (text: string) => void = createRareWarning(warningPeriod);
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param timeout - in milliseconds.
   * @param mayFail - true if a key counts as new while the store fails.
   */
  constructor(store: ReplayStore | CacheStore, timeout: number, mayFail: boolean) {
    this.#add = adderOf(store);
    this.#mayFail = mayFail;
    this.#timeLimit = new TimeLimit(timeout);
  }

  /**
   * Adds a key. Returns false if it is there.
   *
   * @param ttl - in whole milliseconds.
   * @throws ConnectError with code `unavailable` for a store that fails.
   */
  async add(key: string, ttl: number): Promise<boolean> {
    if (monotonicTime() < this.#pausedUntil) return true;
    try {
      return await this.#timeLimit.within(this.#add(key, ttl));
    } catch (cause) {
      if (!this.#mayFail) {
        throw new ConnectError("dpop.store: add failed", Code.Unavailable, undefined, undefined, cause);
      }
      this.#pausedUntil = monotonicTime() + pause;
      this.#warn(`dpop.store: failed (${kindOf(cause)}); each instance accepts a proof once meanwhile`);
      return true;
    }
  }
}

/** Not async: what a store throws at once becomes a rejection all the same. */
function adderOf(store: ReplayStore | CacheStore): (key: string, ttl: number) => Promise<boolean> {
  if (!("add" in store)) return (key, ttl) => addByReading(store, key, ttl);
  return async (key, ttl) => {
    const isNew: unknown = await store.add(key, ttl);
    // Redis answers "OK" or null, and a Set answers itself.
    if (typeof isNew !== "boolean") throw new TypeError("dpop.store: add must return true or false");
    return isNew;
  };
}

/**
 * Adds a key to a store that can only get and set. Reads first, and then reads its own mark back: of concurrent instances the last
 * writer wins. An instance that reads its mark back before another one has written is not told about it, so that both accept the
 * proof: the window is about one round trip to the store.
 */
async function addByReading(store: CacheStore, key: string, ttl: number): Promise<boolean> {
  if (isThere(await store.get(key))) return false;
  const mark = builtIn("node:crypto").randomUUID();
  const accepted = await store.set(key, mark, ttl);
  if (accepted === false) throw new Error("set returned false");
  const found = await store.get(key);
  // A Keyv without a connection answers nothing.
  if (!isThere(found)) throw new Error("get does not return what set was given");
  const text = ArrayBuffer.isView(found) ? new TextDecoder().decode(found) : found;
  return text === mark;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}
