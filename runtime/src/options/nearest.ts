/**
 * Returns the name that a misspelled one most likely means: at most two edits away (Levenshtein), whatever its case.
 *
 * @example
 * nearest("clockTolerence", ["clockTolerance", "claimsMapping"]); // "clockTolerance"
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  return names.find((other) => distance(lower, other.toLowerCase()) <= 2);
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
