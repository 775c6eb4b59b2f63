import { literal } from "../text/literal.js";

/** Returns the error for an invalid value of an option, in the format of protoplugin. */
export function invalid(key: string, value: string, reason: string): Error {
  return invalidOption(value === "" ? key : `${key}=${value}`, reason);
}

/** Returns the error for an option as it is written: `registry=`. */
export function invalidOption(option: string, reason: string): Error {
  return new Error(`invalid option ${literal(option)}: ${reason}`);
}
