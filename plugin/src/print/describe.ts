import type { RowCode } from "../condition/row-code.js";
import { describeAccess, originsOf } from "../merge/describe-access.js";
import type { Row } from "../merge/merge.js";
import { visible } from "../text/literal.js";

/**
 * Returns the callers of a method for the comment of its row, with the service's fields that decided it.
 *
 * @example
 * describe(row);
 * // "Requires one of the roles customer, support (from service_auth.default_requires)."
 */
export function describe(row: Row, code?: RowCode): string {
  const inherited = originsOf(row).filter((origin) => origin.startsWith("service_auth."));
  const origin = inherited.length === 0 ? "" : ` (from ${inherited.join(" and ")})`;
  const resource = code?.resource === undefined ? "" : ` On the resource request.${code.resource.path}.`;
  const condition =
    code?.condition === undefined ? "" : `\n\nOnly if \`${visible(code.condition.cel.replace(/[\t-\r ]+/g, " "))}\`.`;
  return `${describeAccess(row)}${origin}.${resource}${condition}`;
}
