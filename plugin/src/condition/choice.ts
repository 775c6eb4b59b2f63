import { and, or, print } from "./bool-code.js";
import { nameOf } from "./cel-type.js";
import { sameForm } from "./compare.js";
import { ConditionError, type Span } from "./condition-error.js";
import { conjunction, negate, type Truth, type Value } from "./term.js";

/** `decision ? a : b` for values of one type. */
export function chooseValue(span: Span, decision: Truth, a: Value, b: Value): Value {
  if (
    a.type.kind !== b.type.kind ||
    nameOf(a.type) !== nameOf(b.type) ||
    a.shape !== undefined ||
    b.shape !== undefined
  ) {
    throw new ConditionError(
      span,
      `chooses between ${nameOf(a.type)} and ${nameOf(b.type)}. Both need one type of a single value`,
    );
  }
  const [one, other] = sameForm(a, b);
  return {
    kind: "value",
    type: one.type,
    code: `(${print(decision.yes)} ? ${one.code} : ${other.code})`,
    guards: [or(and(decision.yes, ...a.guards), and(decision.no, ...b.guards))],
    reads: new Set([...decision.reads, ...a.reads, ...b.reads]),
    // The outermost origin is the most expensive one.
    root: a.root === undefined || b.root === undefined ? (a.root ?? b.root) : Math.min(a.root, b.root),
  };
}

/** `decision ? yes : no` for bools. */
export function chooseTruth(decision: Truth, yes: Truth, no: Truth): Truth {
  const chosen = conjunction(decision, yes);
  const otherwise = conjunction(negate(decision), no);
  const pick = (part: "yes" | "mayBeTrue") => or(chosen[part], otherwise[part]);
  const negative = [conjunction(decision, negate(yes)), conjunction(negate(decision), negate(no))] as const;
  return {
    kind: "truth",
    yes: pick("yes"),
    no: or(negative[0].yes, negative[1].yes),
    mayBeTrue: pick("mayBeTrue"),
    mayBeFalse: or(negative[0].mayBeTrue, negative[1].mayBeTrue),
    reads: new Set([...chosen.reads, ...otherwise.reads]),
  };
}
