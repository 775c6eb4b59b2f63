/** The check of one option, and how it may be left out. */
export interface OptionCheck {
  /** Whether the option may have this value. */
  readonly accepts: (value: unknown) => boolean;
  /** Completes the message "expected …". */
  readonly expected: string;
  /** The value of an option that is left out. */
  readonly fallback?: unknown;
  /** Whether undefined counts as left out. By default, it is refused: a check that was asked for would be missing. */
  readonly optional?: boolean;
  /** Whether the option must be there. */
  readonly required?: boolean;
  /** Whether the value often comes from an environment variable, so that the message asks for it. */
  readonly environment?: boolean;
  /** Whether the message may show a string that is refused. By default, it does not: the string may be a secret. */
  readonly shown?: boolean;
}

/** Any value: other code checks it. */
export const anything: OptionCheck = { accepts: () => true, expected: "" };

/** Any value but one that an unset environment variable gives: other code checks it. */
export const given: OptionCheck = {
  accepts: (value) => value !== undefined && value !== null && value !== "",
  expected: "a value",
  environment: true,
};

/** Makes undefined count as left out. */
export function optional(check: OptionCheck): OptionCheck {
  return { ...check, optional: true };
}

/** Gives an option a default. Undefined then means the default. */
export function withDefault<T>(check: OptionCheck, fallback: T): OptionCheck & { readonly fallback: T } {
  return { ...check, fallback, optional: true };
}

/** Refuses options without this one. */
export function required(check: OptionCheck): OptionCheck {
  return { ...check, required: true };
}

export const flag: OptionCheck = {
  accepts: (value) => typeof value === "boolean",
  expected: "true or false",
  shown: true,
};

export const func: OptionCheck = { accepts: (value) => typeof value === "function", expected: "a function" };

export const text: OptionCheck = { accepts: isText, expected: "a non-empty string", environment: true };

export const list: OptionCheck = { accepts: Array.isArray, expected: "a list" };

/** A list of at least one non-empty string. */
export const texts: OptionCheck = { accepts: isTexts, expected: "a list of non-empty strings", environment: true };

/** One non-empty string, or a list of them. */
export const textOrTexts: OptionCheck = {
  accepts: (value) => isText(value) || isTexts(value),
  expected: "a non-empty string, or a list of them",
  environment: true,
};

/** A finite time above 0. */
export const milliseconds: OptionCheck = { accepts: isPositive, expected: "milliseconds above 0", shown: true };

/** A finite time above 0. */
export const seconds: OptionCheck = { accepts: isPositive, expected: "seconds above 0", shown: true };

/** A safe integer above 0. */
export const count: OptionCheck = {
  accepts: (value) => isPositive(value) && Number.isSafeInteger(value),
  expected: "a whole number above 0",
  shown: true,
};

/** Seconds, or none: a tolerance. */
export const tolerance: OptionCheck = {
  accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
  expected: "seconds, at least 0",
  shown: true,
};

/** One of several words. */
export function word(...words: readonly string[]): OptionCheck {
  const expected = words.map((one) => `"${one}"`).join(" or ");
  return { accepts: (value) => words.includes(value as string), expected, shown: true };
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isTexts(value: unknown): boolean {
  // Not `every`, which passes over holes.
  return Array.isArray(value) && value.length > 0 && value.findIndex((item) => !isText(item)) < 0;
}

function isPositive(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}
