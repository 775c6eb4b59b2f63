import type { OptionCheck } from "../options/check.js";
import type { ServicePolicy } from "../policy/service-policy.js";

/** Tables that a server tries out: the result of `createTrial`, for the option `trial`. */
export interface Trial {
  readonly policies: readonly ServicePolicy[];
}

export const trialCheck: OptionCheck = {
  // Not `instanceof`: another copy of this package may have made it.
  accepts: (value) => typeof Object(value).start === "function",
  expected: "the result of createTrial()",
};
