import { parse, unparse } from "@bufbuild/cel";
import { type Constant, type Expr, ExprSchema } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { type Value, ValueSchema } from "@bufbuild/cel-spec/cel/expr/value_pb.js";
import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";

type ValueInit = MessageInitShape<typeof ValueSchema>;

const comparisons = new Set(["_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"]);

/**
 * Moves literals that a condition cannot have into the request: lists, maps, and the left of two literals that are
 * compared.
 * Undefined if there is none.
 *
 * @example
 * liftLiterals("[1, 2].all(x, x > 0)"); // { text: "request.c0.all(x, x > 0)", values: { c0: [1, 2] } }
 */
export function liftLiterals(
  text: string,
): { readonly text: string; readonly values: ReadonlyMap<string, Value> } | undefined {
  const values = new Map<string, Value>();
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch {
    return undefined;
  }
  const lift = (id: bigint, init: ValueInit): Expr => {
    const value = create(ValueSchema, init);
    const known = [...values].find(([, other]) => shown(other) === shown(value))?.[0];
    const name = known ?? `c${values.size}`;
    values.set(name, value);
    const operand = { exprKind: { case: "identExpr", value: { name: "request" } } } as const;
    return create(ExprSchema, { id, exprKind: { case: "selectExpr", value: { operand, field: name } } });
  };
  const visit = (expr: Expr): Expr => {
    const { exprKind, id } = expr;
    const container = containerOf(expr);
    if (container !== undefined) return lift(id, container);
    switch (exprKind.case) {
      case "selectExpr":
        if (exprKind.value.operand) exprKind.value.operand = visit(exprKind.value.operand);
        break;
      case "callExpr": {
        const { value } = exprKind;
        const [left, right] = value.args;
        const isComparison = comparisons.has(value.function) && left !== undefined && right !== undefined;
        if (isComparison && left.exprKind.case === "constExpr" && isLiteral(right)) {
          const scalar = scalarOf(left.exprKind.value);
          if (scalar !== undefined) value.args = [lift(left.id, scalar), right];
        } else if (isComparison && value.function === "@in" && right.exprKind.case === "listExpr") {
          value.args = [visit(left), right];
        } else {
          value.args = value.args.map(visit);
        }
        if (value.target) value.target = visit(value.target);
        break;
      }
      default:
    }
    return expr;
  };
  const macroCalls: Record<string, Expr> = parsed.sourceInfo?.macroCalls ?? {};
  const isMacro = parsed.expr.id.toString() in macroCalls;
  const expr = visit(clone(ExprSchema, parsed.expr));
  // Macros are printed as they were called.
  for (const [id, call] of Object.entries(macroCalls)) macroCalls[id] = visit(call);
  parsed.expr = isMacro ? parsed.expr : expr;
  return values.size === 0 ? undefined : { text: unparse(parsed), values };
}

function isLiteral({ exprKind }: Expr): boolean {
  if (exprKind.case === "listExpr") return exprKind.value.elements.every(isLiteral);
  return exprKind.case === "constExpr";
}

function containerOf({ exprKind }: Expr): ValueInit | undefined {
  if (exprKind.case === "listExpr") {
    const values = exprKind.value.elements.map(constantOf);
    if (values.length === 0 || values.includes(undefined)) return undefined;
    return { kind: { case: "listValue", value: { values: values as ValueInit[] } } };
  }
  if (exprKind.case !== "structExpr" || exprKind.value.messageName !== "") return undefined;
  const entries = exprKind.value.entries.map(({ keyKind, value }) => ({
    key: keyKind.case === "mapKey" ? constantOf(keyKind.value) : undefined,
    value: value && constantOf(value),
  }));
  if (entries.length === 0 || entries.some(({ key, value }) => !key || !value)) return undefined;
  return { kind: { case: "mapValue", value: { entries: entries as { key: ValueInit; value: ValueInit }[] } } };
}

function constantOf({ exprKind }: Expr): ValueInit | undefined {
  return exprKind.case === "constExpr" ? scalarOf(exprKind.value) : undefined;
}

function scalarOf({ constantKind }: Constant): ValueInit | undefined {
  switch (constantKind.case) {
    case "boolValue":
    case "int64Value":
    case "uint64Value":
    case "doubleValue":
    case "stringValue":
      return { kind: constantKind };
    default:
      return undefined;
  }
}

function shown(value: Value): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
}
