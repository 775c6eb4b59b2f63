/**
 * Refuses what is left of an options object when the known ones are taken out: without TypeScript, a
 * misspelled option would silently be one that is not set.
 *
 * @throws TypeError naming the option.
 */
export function rejectUnknownOptions(rest: object, where = ""): void {
  for (const name of Object.keys(rest)) throw new TypeError(`${where}${name}: unknown option`);
}

/** @throws TypeError naming the option, what it takes and what it got, where that is not right. */
export function checkOption(right: boolean, option: string, expected: string, got: unknown): asserts right {
  if (!right) throw new TypeError(`${option}: expected ${expected}, got ${JSON.stringify(got)}`);
}

/** @throws TypeError naming the option, where the value is neither of two words. */
export function checkWord(option: string, value: unknown, one: string, other: string): void {
  checkOption(value === one || value === other, option, `"${one}" or "${other}"`, value);
}

/** @throws TypeError naming the option, where the value is set and not a function. */
export function checkFunction(option: string, value: unknown): void {
  checkOption(value === undefined || typeof value === "function", option, "a function", value);
}
