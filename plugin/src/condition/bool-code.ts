/** A boolean expression of JavaScript, built so that constants and repetitions fold away. */
export type BoolCode =
  | { readonly op: "constant"; readonly value: boolean }
  | { readonly op: "atom"; readonly text: string }
  | { readonly op: "&&" | "||"; readonly parts: readonly BoolCode[] };

export const always: BoolCode = { op: "constant", value: true };
export const never: BoolCode = { op: "constant", value: false };

/** Code that binds more tightly than `&&`. */
export function atom(text: string): BoolCode {
  return { op: "atom", text };
}

/** True if all parts are true. They are evaluated in order. */
export function and(...parts: readonly BoolCode[]): BoolCode {
  return join("&&", parts);
}

/** True if one of the parts is true. They are evaluated in order. */
export function or(...parts: readonly BoolCode[]): BoolCode {
  return join("||", parts);
}

function join(op: "&&" | "||", parts: readonly BoolCode[]): BoolCode {
  const flat = parts.flatMap((part) => (part.op === op ? part.parts : [part]));
  const ending = flat.findIndex((part) => part.op === "constant" && part.value === (op === "||"));
  // Nothing before a constant that decides has an effect.
  if (ending >= 0) return flat[ending] as BoolCode;
  const isOpposite = (part: BoolCode, other: BoolCode) =>
    part.op === "atom" && other.op === "atom" && areOpposite(part.text, other.text, op);
  if (flat.some((part, index) => flat.slice(0, index).some((other) => isOpposite(part, other)))) {
    return op === "&&" ? never : always;
  }
  const byText = new Map(flat.filter((part) => part.op !== "constant").map((part) => [print(part), part]));
  const [first, ...others] = byText.values();
  if (first === undefined) return op === "&&" ? always : never;
  return others.length === 0 ? first : { op, parts: [first, ...others] };
}

/** Returns true for `a` and `!a`, and for two different literals that equal one value. */
function areOpposite(a: string, b: string, op: "&&" | "||"): boolean {
  if (a === `!${b}` || b === `!${a}`) return true;
  // Most parts compare different things.
  if (a.charAt(0) !== b.charAt(0) || a.slice(0, a.indexOf(" ")) !== b.slice(0, b.indexOf(" "))) return false;
  const [x, y] = [a, b].map((text) => /^(.*) ([!=]==) ("(?:[^"\\]|\\.)*"|-?[\d.]+)$/.exec(text));
  if (!x || !y || x[1] !== y[1]) return false;
  // -0 equals 0.
  const isSame = x[3] === y[3] || Number(x[3]) === Number(y[3]);
  if (x[2] !== y[2]) return x[3] === y[3];
  return !isSame && x[2] === (op === "&&" ? "===" : "!==");
}

/**
 * Prints an expression.
 *
 * @example
 * print(and(atom("a"), or(atom("b"), atom("c")))); // "a && (b || c)"
 */
export function print(code: BoolCode): string {
  if (code.op === "constant") return String(code.value);
  if (code.op === "atom") return code.text;
  return code.parts.map(printAtom).join(` ${code.op} `);
}

/** Prints an expression as an operand. */
export function printAtom(code: BoolCode): string {
  return code.op === "&&" || code.op === "||" ? `(${print(code)})` : print(code);
}
