import type { OptionCheck } from "../options/check.js";

/** A `token` (RFC 9110 section 5.6.2), such as the name of a cookie or header. */
export const tokenName: OptionCheck = {
  accepts: (value) => typeof value === "string" && /^[\w!#$%&'*+\-.^`|~]+$/.test(value),
  expected: "a name without spaces",
  shown: true,
};
