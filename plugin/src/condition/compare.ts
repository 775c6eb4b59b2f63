import { and, atom, type BoolCode, or } from "./bool-code.js";
import { type CelType, nameOf } from "./cel-type.js";
import { ConditionError, type Span } from "./condition-error.js";
import { castTo, type Printer, withoutCast } from "./printer.js";
import { type Truth, truthOf, type Value } from "./term.js";

type Int = CelType & { readonly kind: "int" | "uint" };

/** `==`, with the types that it can compare. */
export function equal(a: Value, b: Value, span: Span): Truth {
  if (a.code === b.code && !a.isLiteral) {
    throw new ConditionError(span, "compares a value with itself, so it is always the same. Compare it with another");
  }
  const [x, y] = align(a, b, span);
  if (x.type.kind === "dyn") {
    const isScalar = (value: Value) => atom(`typeof ${value.code} !== "object"`);
    const known = [atom(`${x.code} !== undefined`), isScalar(x)];
    const comparable = and(...known, atom(`typeof ${x.code} === typeof ${y.code}`));
    return truthOf(
      [x, y],
      and(comparable, atom(`${x.code} === ${y.code}`)),
      and(comparable, atom(`${x.code} !== ${y.code}`)),
    );
  }
  if (x.type.kind === "timestamp") {
    const [s, n] = [partsOf(x), partsOf(y)];
    return truthOf(
      [x, y],
      and(atom(`${s.seconds} === ${n.seconds}`), atom(`${s.nanos} === ${n.nanos}`)),
      or(atom(`${s.seconds} !== ${n.seconds}`), atom(`${s.nanos} !== ${n.nanos}`)),
    );
  }
  if (!["string", "bool", "int", "uint", "double"].includes(scalarOf(x.type).kind)) {
    const hint = x.type.kind === "message" ? ". Compare its fields" : "";
    throw new ConditionError(span, `compares values of type ${nameOf(x.type)}, which is not supported${hint}`);
  }
  if (x.isLiteral === true && y.isLiteral === true) {
    const isSame = x.code === y.code;
    throw new ConditionError(span, `compares two literals, so it is always ${isSame}. Delete the comparison`);
  }
  const [left, right] = [withoutCast(x.code), withoutCast(y.code)];
  return truthOf([x, y], atom(`${left} === ${right}`), atom(`${left} !== ${right}`));
}

/** `<`, `<=`, `>` or `>=`: numbers, strings and times. */
export function ordered(op: "<" | "<=" | ">" | ">=", a: Value, b: Value, span: Span, printer: Printer): Truth {
  if (a.code === b.code && !a.isLiteral) {
    throw new ConditionError(span, "compares a value with itself, so it is always the same. Compare it with another");
  }
  const [x, y] = align(a, b, span).map((value) => asPresent(value)) as [Value, Value];
  const { kind } = x.type;
  if (kind === "timestamp") return orderedTimes(op, x, y);
  if (kind === "dyn") throw new ConditionError(span, "orders two claims, whose types are unknown");
  if (!["string", "int", "uint", "double"].includes(kind)) {
    throw new ConditionError(span, `orders values of type ${nameOf(x.type)}. Numbers, strings and times have an order`);
  }
  if (x.isLiteral === true && y.isLiteral === true) {
    throw new ConditionError(span, "compares two literals, so it is always the same. Delete the comparison");
  }
  if (kind === "string") {
    // CEL compares code points, `<` of JavaScript units of UTF-16.
    printer.helpers.add("compareText");
    const order = `compareText(${x.code}, ${y.code})`;
    return truthOf([x, y], atom(`${order} ${op} 0`), atom(`${order} ${opposites[op]} 0`));
  }
  const holds = atom(`${x.code} ${op} ${y.code}`);
  // Not the opposite operator: NaN is neither below nor above a number.
  const fails = kind === "double" ? atom(`!(${x.code} ${op} ${y.code})`) : atom(`${x.code} ${opposites[op]} ${y.code}`);
  return truthOf([x, y], holds, fails);
}

const opposites = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" } as const;

function orderedTimes(op: keyof typeof opposites, x: Value, y: Value): Truth {
  const [s, n] = [partsOf(x), partsOf(y)];
  const compare = (operator: keyof typeof opposites): BoolCode => {
    const strict = operator[0] as "<" | ">";
    const sameSecond = atom(`${s.seconds} === ${n.seconds}`);
    return or(atom(`${s.seconds} ${strict} ${n.seconds}`), and(sameSecond, atom(`${s.nanos} ${operator} ${n.nanos}`)));
  };
  return truthOf([x, y], compare(op), compare(opposites[op]));
}

/** The parts of a time. An unset one is the epoch, as in CEL. */
function partsOf({ code, isOptional }: Value): { readonly seconds: string; readonly nanos: string } {
  if (isOptional !== true) return { seconds: `${code}.seconds`, nanos: `${code}.nanos` };
  return { seconds: `(${code}?.seconds ?? BigInt(0))`, nanos: `(${code}?.nanos ?? 0)` };
}

function scalarOf(type: CelType): CelType {
  return type.kind === "wrapper" ? type.of : type;
}

/** A wrapper without value is null in CEL, which has no order. */
export function asPresent(value: Value): Value {
  if (value.type.kind !== "wrapper") return value;
  return { ...value, type: value.type.of, guards: [...value.guards, atom(`${value.code} !== undefined`)] };
}

/** Gives two values the same type and form, or reports that they differ. */
function align(a: Value, b: Value, span: Span): [Value, Value] {
  if (a.type.kind === "dyn" && b.type.kind !== "dyn") return align(asType(a, b.type, span), b, span);
  if (b.type.kind === "dyn" && a.type.kind !== "dyn") return align(a, asType(b, a.type, span), span);
  const [x, y] = [scalarOf(a.type), scalarOf(b.type)];
  if (x.kind !== y.kind) throw new ConditionError(span, explainMismatch(a, b));
  return sameForm(a, b);
}

/** Gives two integers of one type the same form in JavaScript. Returns other values unchanged. */
export function sameForm(a: Value, b: Value): [Value, Value] {
  const { kind } = scalarOf(a.type);
  if (kind !== "int" && kind !== "uint") return [a, b];
  // JavaScript would round a large literal.
  const isBig = [a, b].some(({ type, int, isLiteral }) =>
    int === undefined ? isLiteral !== true && (scalarOf(type) as Int).form !== "number" : !isSafe(int),
  );
  return [withBig(a, isBig), withBig(b, isBig)];
}

/** Converts an int to the form of the other side. */
export function withBig(value: Value, isBig: boolean): Value {
  const type = scalarOf(value.type) as Int;
  if (value.int !== undefined) {
    const form = isBig ? "bigint" : "number";
    return { ...value, type: { ...type, form }, code: isBig ? bigLiteral(value.int) : String(value.int) };
  }
  if (!isBig || type.form === "bigint") return value;
  if (value.type.kind === "wrapper") {
    // BigInt(undefined) throws.
    return { ...value, code: `(${value.code} === undefined ? undefined : BigInt(${value.code}))` };
  }
  return { ...value, type: { ...type, form: "bigint" }, code: `BigInt(${value.code})` };
}

/** Not `5n`, which needs ES2020 as a target of TypeScript. */
function bigLiteral(value: bigint): string {
  return isSafe(value) ? `BigInt(${value})` : `BigInt("${value}")`;
}

function isSafe(value: bigint): boolean {
  return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** Reads a claim as a type. A claim of another type is an error, as an empty one. */
export function asType(claim: Value, wanted: CelType, span: Span): Value {
  const type = scalarOf(wanted);
  const narrowed = (test: string, name: string): Value => ({
    ...claim,
    type: type.kind === "int" || type.kind === "uint" ? { kind: type.kind, form: "number" } : type,
    code: castTo(claim.code, name),
    guards: [...guardsOfParent(claim), atom(test)],
  });
  switch (type.kind) {
    case "string":
      return narrowed(`typeof ${claim.code} === "string"`, "string");
    case "bool":
      return narrowed(`typeof ${claim.code} === "boolean"`, "boolean");
    case "double":
      return narrowed(`typeof ${claim.code} === "number"`, "number");
    // JSON rounds larger ones: another number could be equal.
    case "int":
    case "uint":
      return narrowed(`Number.isSafeInteger(${claim.code})`, "number");
    default:
      throw new ConditionError(
        span,
        `compares a claim with a value of type ${nameOf(wanted)}, which JSON does not have`,
      );
  }
}

/** The guards of a claim, without the one that it is there: a test of its type implies it. */
export function guardsOfParent({ guards, code }: Value): readonly BoolCode[] {
  return guards.filter((guard) => guard.op !== "atom" || guard.text !== `${code} !== undefined`);
}

function explainMismatch(a: Value, b: Value): string {
  const [x, y] = [a.type, b.type];
  const text = `compares ${nameOf(x)} with ${nameOf(y)}`;
  const kinds = [scalarOf(x).kind, scalarOf(y).kind];
  const literal = a.int === undefined ? b : a;
  if (kinds.includes("null")) return `compares with null, which is not supported. Use has(…)`;
  if (literal.int !== undefined && kinds.includes("uint")) return `${text}. Write ${literal.int}u`;
  if (literal.int !== undefined && kinds.includes("double")) return `${text}. Write ${literal.int}.0`;
  const other = [x, y].find((type) => (type.kind === "int" || type.kind === "uint") && type.enum !== undefined);
  if (other !== undefined && "enum" in other && kinds.includes("string")) {
    const [value] = (other.enum?.values ?? []).slice(-1);
    return `${text}. Write the name of a value without quotes, such as ${other.enum?.typeName}.${value?.name}`;
  }
  return `${text}. Both sides need one type`;
}
