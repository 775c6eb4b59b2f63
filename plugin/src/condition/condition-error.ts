/** A place in the text of a condition, counted in characters from 0. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A mistake in a condition. The message names the thing, the reason, and the remedy. */
export class ConditionError extends Error {
  readonly span: Span;

  constructor({ start, end }: Span, message: string) {
    super(message);
    this.span = { start, end };
  }
}
