/** The time of a `Date` of any realm, in milliseconds since the epoch; not a number for anything else. */
export function timeOf(value: unknown): number {
  try {
    // It looks inside, where `instanceof` looks at the prototype.
    return Date.prototype.getTime.call(value);
  } catch {
    return Number.NaN;
  }
}
