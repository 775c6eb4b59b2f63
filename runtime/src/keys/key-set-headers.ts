import { checkObject } from "../options/read-options.js";

/** Values by name. */
export type KeySetHeaders = Readonly<Record<string, string>>;

/**
 * Returns a copy of headers, with names in lower case. Returns undefined for anything but a plain object of names and non-empty
 * values: the error of `Headers` would contain a secret, and an unset value would be sent as "undefined".
 */
export function readHeaders(value: unknown): KeySetHeaders | undefined {
  try {
    checkObject("headers", value);
    const isText = Object.values(value).every((one) => typeof one === "string" && one !== "");
    return isText ? Object.fromEntries(new Headers(value as Record<string, string>)) : undefined;
  } catch {
    return undefined;
  }
}
