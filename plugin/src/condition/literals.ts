import type { ASTNode } from "@marcbachmann/cel-js";
import { literal } from "../text/literal.js";
import { ConditionError } from "./condition-error.js";
import type { Value } from "./term.js";

/** The largest int of CEL. */
export const maxInt: bigint = 2n ** 63n - 1n;

/** Compiles a literal. */
export function literalOf(node: ASTNode & { op: "value" }): Value {
  const { args } = node;
  const base = { kind: "value", guards: [], reads: new Set<string>(), isLiteral: true } as const;
  if (typeof args === "string") return { ...base, type: { kind: "string" }, code: literal(args) };
  if (typeof args === "boolean") return { ...base, type: { kind: "bool" }, code: String(args) };
  if (typeof args === "number") return { ...base, type: { kind: "double" }, code: String(args) };
  if (args === null) return { ...base, type: { kind: "null" }, code: "null" };
  if (typeof args === "bigint") {
    if (args > maxInt) throw new ConditionError(node, "is larger than an int of 64 bits");
    return intLiteral(args);
  }
  if (args instanceof Uint8Array) throw new ConditionError(node, "bytes are not supported in conditions");
  const value = BigInt(args.valueOf() as bigint);
  if (value > 2n * maxInt + 1n) throw new ConditionError(node, "is larger than a uint of 64 bits");
  return { ...intLiteral(value), type: { kind: "uint", form: "number" } };
}

export function intLiteral(value: bigint): Value {
  return {
    kind: "value",
    type: { kind: "int", form: "number" },
    code: String(value),
    guards: [],
    reads: new Set(),
    isLiteral: true,
    int: value,
  };
}
