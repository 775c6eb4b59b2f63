import { startTimer, type Timer } from "../platform/clock.js";

/** Most callers that are asked about at a time. */
const batchSize = 200;

/** A caller with an open stream. */
interface Watched {
  /** Asks the store about the caller. Rejects for a revoked one. */
  readonly ask: () => Promise<void>;
  /** Ends the stream. */
  readonly end: (cause: unknown) => void;
  /** The store may have had a revocation before the first poll. */
  isNew: boolean;
}

/**
 * Finds the callers of open streams whom other instances revoke. One poll in every interval reads a mark that each revocation
 * changes; only then, the store is asked about every caller. It runs only while there are streams, and keeps no process alive.
 */
export class RevocationWatch {
  readonly #readMark: () => Promise<string | undefined>;
  readonly #interval: number;
  readonly #watched: Set<Watched> = new Set();
  #mark: string | undefined;
  #timer: Timer | undefined;

  /**
   * @param readMark - returns the mark of the store. Undefined without one, and without an answer.
   * @param interval - in milliseconds.
   */
  constructor(readMark: () => Promise<string | undefined>, interval: number) {
    this.#readMark = readMark;
    this.#interval = interval;
  }

  /** Watches a caller. Returns a function that stops. */
  add(ask: () => Promise<void>, end: (cause: unknown) => void): () => void {
    const watched: Watched = { ask, end, isNew: true };
    this.#watched.add(watched);
    this.#schedule();
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  #schedule(): void {
    this.#timer ??= startTimer(this.#interval, () => {
      this.#poll().finally(() => {
        this.#timer = undefined;
        if (this.#watched.size > 0) this.#schedule();
      });
    });
  }

  async #poll(): Promise<void> {
    // Before the questions: a revocation after the mark was read changes it again.
    const mark = await this.#readMark();
    const hasChanged = mark !== this.#mark;
    this.#mark = mark;
    const due = [...this.#watched].filter(({ isNew }) => hasChanged || isNew);
    for (let i = 0; i < due.length; i += batchSize) {
      await Promise.all(due.slice(i, i + batchSize).map((watched) => this.#ask(watched)));
    }
  }

  async #ask(watched: Watched): Promise<void> {
    watched.isNew = false;
    try {
      await watched.ask();
    } catch (cause) {
      if (this.#watched.has(watched)) watched.end(cause);
    }
  }
}
