import type { OptionCheck } from "./check.js";
import { nearest } from "./nearest.js";

/**
 * Declares an options object: the check of every option, and the default of those in `Defaulted`.
 *
 * @typeParam T - the interface of the options.
 */
export type OptionTable<T, Defaulted extends keyof T = never> = {
  readonly [Name in keyof T]-?: Name extends Defaulted
    ? OptionCheck & { readonly fallback: Exclude<T[Name], undefined> }
    : OptionCheck;
};

/** Options after reading: those with a default are there. */
export type Read<T, Defaulted extends keyof T> = T & {
  readonly [Name in Defaulted]-?: Exclude<T[Name], undefined>;
};

/**
 * Checks an options object, and returns a copy with the defaults. The copy has no prototype: members that other code set on
 * `Object.prototype` are no options.
 *
 * @param owner - the function or option that takes the object, for messages.
 * @param declare - returns the declaration. A function, since bundlers keep calls beside the code that uses them.
 * @param prefix - put before the name of an option in messages, such as `cache.`.
 * @throws TypeError for an object with a class, for an unknown name, and for a value that its check does not accept.
 *
 * @example
 * const cacheOptions = (): OptionTable<CacheOptions, "ttl"> => ({ ttl: withDefault(milliseconds, 300_000), store: anything });
 * const { ttl, store } = readOptions("cache", options, cacheOptions, "cache.");
 */
export function readOptions<T extends object, Defaulted extends keyof T = never>(
  owner: string,
  options: T,
  declare: () => OptionTable<T, Defaulted>,
  prefix = "",
): Read<T, Defaulted> {
  checkObject(owner, options);
  const table = declare();
  const names = Object.keys(table);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(table, name)) continue;
    const meant = nearest(name, names);
    const hint = meant === undefined ? `It takes ${names.join(", ")}` : `Did you mean ${meant}?`;
    throw new TypeError(`${name}: unknown option of ${owner}. ${hint}`);
  }
  const read = ownMembers(options) as Record<string, unknown>;
  for (const [name, declared] of Object.entries(table) as [string, OptionCheck][]) {
    const check = ownMembers(declared);
    const isLeftOut = check.optional === true ? read[name] === undefined : !(name in read);
    if (!isLeftOut || check.required === true) checkValue(prefix + name, read[name], check);
    else if ("fallback" in check) read[name] = check.fallback;
  }
  return read as unknown as Read<T, Defaulted>;
}

/** @throws TypeError naming the option, the expected value, and the kind of value that it got. */
export function checkValue(option: string, value: unknown, check: OptionCheck): void {
  const { accepts, expected, environment, shown = false } = ownMembers(check);
  if (accepts(value)) return;
  const isUnset = environment === true && (value === undefined || value === "");
  const hint = isUnset ? "; is an environment variable missing?" : "";
  throw new TypeError(`${option}: expected ${expected}, got ${describe(value, shown)}${hint}`);
}

/** @throws TypeError naming the option and the expected value, unless `isRight`. */
export function checkOption(isRight: boolean, option: string, expected: string): asserts isRight {
  if (!isRight) throw new TypeError(`${option}: expected ${expected}`);
}

/**
 * Refuses an object with a class: its members may be inherited, and a copy would lack them.
 *
 * @throws TypeError
 */
export function checkObject(owner: string, options: unknown): asserts options is object {
  if (isPlainObject(options)) return;
  const isInstance = typeof options === "object" && options !== null && !Array.isArray(options);
  throw new TypeError(
    `${owner}: expected a plain object, got ${isInstance ? "an instance of a class" : describe(options, true)}`,
  );
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const parent: unknown = Object.getPrototypeOf(value);
  if (parent === null) return true;
  // Another realm has an `Object.prototype` of its own. Any other parent may have options.
  return Object.getPrototypeOf(parent) === null && Object.hasOwn(parent as object, "hasOwnProperty");
}

/** A copy of an object's own members, without a prototype. */
export function ownMembers<T extends object>(object: T): T {
  return Object.assign(Object.create(null), object);
}

function describe(value: unknown, shown: boolean): string {
  if (typeof value === "string") return shown || value === "" ? JSON.stringify(value) : "a string";
  if (Array.isArray(value)) return "a list";
  return Object(value) === value ? (typeof value === "function" ? "a function" : "an object") : String(value);
}
