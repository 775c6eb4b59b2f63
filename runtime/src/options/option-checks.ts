/**
 * Refuses what is left of an options object when the known ones are taken out: without TypeScript, a
 * misspelled option would silently be one that is not set.
 *
 * @throws TypeError naming the option.
 */
export function rejectUnknownOptions(rest: object, where = ""): void {
  for (const name of Object.keys(rest)) throw new TypeError(`${where}${name}: unknown option`);
}

/** @throws TypeError naming the option and what it takes, where that is not what it got. */
export function checkOption(right: boolean, option: string, expected: string): asserts right {
  if (!right) throw new TypeError(`${option}: expected ${expected}`);
}

/**
 * Refuses options of which some may be inherited, as from a class: they would not be seen, and what they ask for not done.
 *
 * @throws TypeError naming what takes the options.
 */
export function checkPlainObject(owner: string, options: unknown): asserts options is object {
  const isObject = Object(options) === options;
  const parent = isObject && Object.getPrototypeOf(options);
  // Written so that objects of another realm are plain as well.
  checkOption(isObject && (parent === null || Object.getPrototypeOf(parent) === null), owner, "a plain object");
}

/** @throws TypeError naming the option, where the value is neither of two words. */
export function checkWord(option: string, value: unknown, one: string, other: string): void {
  checkOption(value === one || value === other, option, `"${one}" or "${other}", got ${JSON.stringify(value)}`);
}

/** @throws TypeError naming the option, where the value is set and not a function. */
export function checkFunction(option: string, value: unknown): void {
  checkOption(value === undefined || typeof value === "function", option, "a function");
}

/** @throws TypeError naming the option, where the value is not a list. */
export function checkList(option: string, value: unknown): void {
  checkOption(Array.isArray(value), option, "a list");
}
