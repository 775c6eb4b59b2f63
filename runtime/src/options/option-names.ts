import { checkPlainObject } from "./option-checks.js";

/**
 * Refuses what is not an object of options, and names that no option has: a misspelled option would be a check left out.
 *
 * @param known - every option there is.
 * @param owner - what takes the options, for the error message.
 * @throws TypeError naming the option and the known one that is nearest.
 */
export function checkOptionNames(options: unknown, known: Readonly<Record<string, true>>, owner: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner}: expected an object of options, got ${Array.isArray(options) ? "a list" : options}`);
  }
  checkPlainObject(owner, options);
  const names = Object.keys(known);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const nearest = names.find((other) => distance(name.toLowerCase(), other.toLowerCase()) <= 2);
    const hint = nearest === undefined ? `it takes ${names.join(", ")}` : `did you mean ${nearest}?`;
    throw new TypeError(`${name}: unknown option of ${owner}; ${hint}`);
  }
}

/**
 * Checks the names of options, and returns a copy without a prototype: an option that the caller left out is undefined, even
 * if other code of the process has set a member of its name on `Object.prototype`.
 *
 * @throws TypeError as {@link checkOptionNames}.
 */
export function readOptions<T extends object>(options: T, known: Readonly<Record<string, true>>, owner: string): T {
  checkOptionNames(options, known, owner);
  return ownMembers(options);
}

/** A copy of an object's own members, without a prototype. */
export function ownMembers<T extends object>(object: T): T {
  return Object.assign(Object.create(null), object);
}

/** Edits from one word to another (Levenshtein). */
export function distance(a: string, b: string): number {
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
