interface Stretch<T> {
  readonly from: number;
  readonly value: T;
}

/** A value that changes, and what it was at any time. All times in milliseconds since the epoch. */
export class Timeline<T> {
  readonly #stretches: Stretch<T>[];

  constructor(initial: T) {
    this.#stretches = [{ from: Number.NEGATIVE_INFINITY, value: initial }];
  }

  get current(): T {
    return (this.#stretches.at(-1) as Stretch<T>).value;
  }

  /** Changes the value, from now on. */
  set(value: T): void {
    this.#stretches.push({ from: Date.now(), value });
  }

  /** The stretches of time that touch `from` to `to`, cut to these times, with their values. */
  *between(from: number, to: number): Generator<{ from: number; to: number; value: T }> {
    for (let i = this.#stretches.length - 1, end = Number.POSITIVE_INFINITY; i >= 0; i--) {
      const stretch = this.#stretches[i] as Stretch<T>;
      if (stretch.from <= to && end >= from) {
        yield { from: Math.max(stretch.from, from), to: Math.min(end, to), value: stretch.value };
      }
      if (stretch.from <= from) return;
      end = stretch.from;
    }
  }

  /** Whether the value fulfilled a condition at any time from `from` to `to`. */
  ever(from: number, to: number, condition: (value: T) => boolean): boolean {
    for (const { value } of this.between(from, to)) if (condition(value)) return true;
    return false;
  }

  /** The longest time within `from` to `to` in which the value fulfilled a condition without a break. */
  longest(from: number, to: number, condition: (value: T) => boolean): number {
    let longest = 0;
    let end: number | undefined;
    for (const stretch of this.between(from, to)) {
      if (condition(stretch.value)) {
        end ??= stretch.to;
        longest = Math.max(longest, end - stretch.from);
      } else end = undefined;
    }
    return longest;
  }
}
