/** The time of a `Date` of any realm, in milliseconds since the epoch; not a number for anything else. */
export function timeOf(value: unknown): number {
  try {
    // Works for every realm; `instanceof` does not.
    return Date.prototype.getTime.call(value);
  } catch {
    return Number.NaN;
  }
}
