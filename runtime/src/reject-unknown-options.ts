/**
 * Refuses what is left of an options object when the known ones are taken out: without TypeScript, a
 * misspelled option would silently be one that is not set.
 *
 * @throws TypeError naming the option.
 */
export function rejectUnknownOptions(rest: object, where = ""): void {
  for (const name of Object.keys(rest)) throw new TypeError(`${where}${name}: unknown option`);
}
