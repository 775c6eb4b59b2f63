import { always, and, atom, type BoolCode, never, or, print, printAtom } from "./bool-code.js";
import type { CelType } from "./cel-type.js";
import type { Shape } from "./shape.js";

/** A variable that an expression reads: `request`, `caller`, `now`, or the variable of a loop. */
export type Reads = ReadonlySet<string>;

/** An expression with a value, compiled. */
export interface Value {
  readonly kind: "value";
  readonly type: CelType;
  /** The value in JavaScript, if all guards are true. Binds more tightly than comparisons. */
  readonly code: string;
  /** Without one of them, CEL has an error instead of a value. */
  readonly guards: readonly BoolCode[];
  readonly reads: Reads;
  /** True for a literal. */
  readonly isLiteral?: boolean;
  /** The value of an int literal. */
  readonly int?: bigint;
  /** Whether a message may be undefined: CEL reads its fields as unset then. */
  readonly isOptional?: boolean;
  /** The shape that the condition reads, of a message, list or map. */
  readonly shape?: Shape;
  /**
   * The part of the request that bounds the size of the value: the number of loops around its origin. Undefined if something
   * else bounds it, such as the credential.
   */
  readonly root?: number | undefined;
  /** Tests whether the value is there, for `has()`. */
  readonly presence?: { readonly yes: BoolCode; readonly no: BoolCode };
}

/**
 * An expression of type bool, compiled to two expressions. Both are false if CEL has an error, so an error never counts as
 * false under a negation.
 */
export interface Truth {
  readonly kind: "truth";
  /** Certainly true. */
  readonly yes: BoolCode;
  /** Certainly false. */
  readonly no: BoolCode;
  /** True for every caller for whom `yes` can be true. Reads no request. */
  readonly mayBeTrue: BoolCode;
  /** True for every caller for whom `no` can be true. Reads no request. */
  readonly mayBeFalse: BoolCode;
  readonly reads: Reads;
}

export type Term = Value | Truth;

/** Returns true if the caller and the time alone decide. */
export function isKnownEarly(reads: Reads): boolean {
  return [...reads].every((name) => name === "caller" || name === "now");
}

export function allReads(...terms: readonly { readonly reads: Reads }[]): Reads {
  return new Set(terms.flatMap(({ reads }) => [...reads]));
}

/** A comparison of values: an error in one of them is an error of the whole. */
export function truthOf(values: readonly Value[], yes: BoolCode, no: BoolCode): Truth {
  const guards = values.flatMap((value) => value.guards);
  const early = values.filter(({ reads }) => isKnownEarly(reads)).flatMap((value) => value.guards);
  const reads = allReads(...values);
  const isEarly = isKnownEarly(reads);
  return {
    kind: "truth",
    yes: and(...guards, yes),
    no: and(...guards, no),
    mayBeTrue: and(...early, isEarly ? yes : always),
    mayBeFalse: and(...early, isEarly ? no : always),
    reads,
  };
}

/** Swaps true and false. */
export function negate({ yes, no, mayBeTrue, mayBeFalse, reads }: Truth): Truth {
  return { kind: "truth", yes: no, no: yes, mayBeTrue: mayBeFalse, mayBeFalse: mayBeTrue, reads };
}

/** Both must be true. One that is false decides, even if the other is an error. */
export function conjunction(a: Truth, b: Truth): Truth {
  return {
    kind: "truth",
    yes: and(a.yes, b.yes),
    no: or(a.no, b.no),
    mayBeTrue: and(a.mayBeTrue, b.mayBeTrue),
    mayBeFalse: or(a.mayBeFalse, b.mayBeFalse),
    reads: allReads(a, b),
  };
}

export function disjunction(a: Truth, b: Truth): Truth {
  return negate(conjunction(negate(a), negate(b)));
}

/** Turns a value of type bool into a truth. */
export function asTruth(value: Value): Truth {
  if (value.isLiteral === true)
    return truthOf([], ...(value.code === "true" ? ([always, never] as const) : ([never, always] as const)));
  // A claim may be anything, and a wrapper may be without value, which is an error here.
  if (value.type.kind === "bool") return truthOf([value], atom(value.code), atom(`!${value.code}`));
  return truthOf([value], atom(`${value.code} === true`), atom(`${value.code} === false`));
}

/** Turns a truth into a value, for comparisons of two bools. */
export function asValue(truth: Truth): Value {
  const known = or(truth.yes, truth.no);
  const isTotal = print(truth.no) === `!${print(truth.yes)}`;
  return {
    kind: "value",
    type: { kind: "bool" },
    code: printAtom(truth.yes).includes(" ") ? `(${print(truth.yes)})` : print(truth.yes),
    guards: isTotal ? [] : [known],
    reads: truth.reads,
  };
}
