/**
 * Returns the candidate that is most similar to a word, with at most two edits. Returns undefined if none is.
 *
 * An edit inserts, deletes or replaces one letter. ASCII case and surrounding white space do not count.
 *
 * @example
 * nearest("Deny", ["allow", "deny"]); // "deny"
 * nearest("alow", ["allow", "deny"]); // "allow"
 * nearest("everybody", ["allow", "deny"]); // undefined
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const near = (edits: number) => candidates.find((candidate) => isNear(normalize(word), normalize(candidate), edits));
  return near(0) ?? near(1) ?? near(2);
}

/** Lowers ASCII letters and trims white space. */
function normalize(word: string): string {
  return word.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Returns true if at most `edits` edits turn `a` into `b`. */
function isNear(a: string, b: string, edits: number): boolean {
  if (a === b || edits === 0) return a === b;
  if (a[0] === b[0]) return isNear(a.slice(1), b.slice(1), edits);
  const [restA, restB] = [a.slice(1), b.slice(1)];
  return isNear(restA, b, edits - 1) || isNear(a, restB, edits - 1) || isNear(restA, restB, edits - 1);
}
