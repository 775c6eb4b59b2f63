import { ConditionError, type Span } from "./condition-error.js";
import type { Scope } from "./scope.js";
import type { Value } from "./term.js";

/** Comparing values takes the time of the smallest one. One of them must be small, or of the innermost loop. */
export function checkCost(span: Span, scope: Scope, ...values: readonly Value[]): void {
  if (values.every((value) => isHeavy(value, scope))) refuseCost(span);
}

/** Refuses a value that is read as a whole, unless it is small, or of the innermost loop. */
export function requireInnermost(span: Span, scope: Scope, value: Value): void {
  if (isHeavy(value, scope)) refuseCost(span);
}

function refuseCost(span: Span): never {
  const text =
    "reads a part of the request again for every item of a loop, so its time would grow with the square of the request";
  throw new ConditionError(span, `${text}. Compare items with the caller or with literals, or check it in code`);
}

/** A part of the request of any size, from outside the innermost loop. */
function isHeavy({ root, type }: Value, { depth }: Scope): boolean {
  const isSized = ["string", "bytes", "list", "map", "wrapper"].includes(type.kind);
  return isSized && root !== undefined && root !== depth;
}
