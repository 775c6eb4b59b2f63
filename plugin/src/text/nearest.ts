/** The candidate that a word was probably meant to be, at most two letters away. Undefined where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const near = (edits: number) => candidates.find((candidate) => isNear(plain(word), plain(candidate), edits));
  return near(0) ?? near(1) ?? near(2);
}

/** Without the case of ASCII letters, and without white space around. */
function plain(word: string): string {
  return word.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Whether so many letters, added, left out or changed, make one word of the other. */
function isNear(a: string, b: string, edits: number): boolean {
  if (a === b || edits === 0) return a === b;
  if (a[0] === b[0]) return isNear(a.slice(1), b.slice(1), edits);
  const [restA, restB] = [a.slice(1), b.slice(1)];
  return isNear(restA, b, edits - 1) || isNear(a, restB, edits - 1) || isNear(restA, restB, edits - 1);
}
