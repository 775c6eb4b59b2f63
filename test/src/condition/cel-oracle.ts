import {
  type CelInput,
  type CelList,
  type CelMap,
  CelScalar,
  type CelUint,
  type CelValue,
  celEnv,
  celFunc,
  celMethod,
  isCelList,
  isCelMap,
  isCelUint,
  listType,
  mapType,
  parse,
  plan,
} from "@bufbuild/cel";
import { type Expr, ExprSchema } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { create, type Message, type Registry, ScalarType } from "@bufbuild/protobuf";
import type { ReflectMap } from "@bufbuild/protobuf/reflect";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { Caller, Json } from "./callers.js";
import type { Time } from "./compile-conditions.js";

/** What an oracle says. A deviation is a reason for an error that CEL does not have. */
export interface Verdict {
  readonly result: boolean | "error";
  readonly deviations: ReadonlySet<Deviation>;
}

/** The deliberate deviations. With each of them, CEL has a value, and a condition an error. */
export const deviations = [
  "a claim has another type than the value",
  "an integer is compared with a claim that is no safe integer",
  "lists or objects of claims are compared",
  "an empty item of a claim is read",
  "a key is looked for in an object of claims",
  "a loop is over an object of claims",
  "an unset wrapper is looked for in a list",
  "an empty text is looked for in a text",
] as const;
export type Deviation = (typeof deviations)[number];

/** A condition as an oracle evaluates it. */
export type Oracle = (caller: Caller, request: Message, now: Time) => Verdict;

const { DYN, BOOL, STRING, INT, UINT, DOUBLE } = CelScalar;
const map = mapType(DYN, DYN);
const list = listType(DYN);

/** CEL itself: `@bufbuild/cel`, with its own mistakes corrected. */
export function createCel(text: string, packageName: string, registry: Registry): Oracle {
  const evaluate = plan(celEnv({ namespace: packageName, registry, funcs: corrections }), rewrite(parse(text).expr));
  return (caller, request, now) => ({
    result: resultOf(evaluate(bindingsOf(caller, request, now, (item) => item))),
    deviations: new Set(),
  });
}

/** CEL with our deviations. Conditions must agree with it exactly. */
export function createStrictCel(text: string, packageName: string, registry: Registry): Oracle {
  const found = new Set<Deviation>();
  const funcs = [...corrections, ...strictFunctions(found)];
  const evaluate = plan(celEnv({ namespace: packageName, registry, funcs }), rewrite(parse(text).expr));
  return (caller, request, now) => {
    found.clear();
    const result = resultOf(evaluate(bindingsOf(caller, request, now, markEmpty)));
    return { result, deviations: new Set(found) };
  };
}

function resultOf(value: unknown): boolean | "error" {
  return typeof value === "boolean" ? value : "error";
}

function bindingsOf(
  caller: Caller,
  request: Message,
  now: Time,
  ofItem: (item: Json) => CelInput,
): Record<string, CelInput> {
  const { subject, name, type, internal, roles, scopes, permissions, claims } = caller;
  const texts = Object.entries({ subject, name, type }).filter(([, text]) => text !== undefined && text !== "");
  const facts = new Map<string, CelInput>([
    ...(texts as [string, string][]),
    ["internal", internal],
    ["roles", [...roles]],
    ["scopes", [...scopes]],
    ["permissions", [...permissions]],
    ["claims", claimsOf(claims, ofItem)],
  ]);
  return { request, caller: facts, now: create(TimestampSchema, now) };
}

/** Claims as CEL reads them: those without a value are not there. */
function claimsOf(json: Json, ofItem: (item: Json) => CelInput): CelInput {
  if (Array.isArray(json)) return json.map((item: Json) => (isEmpty(item) ? ofItem(item) : claimsOf(item, ofItem)));
  if (typeof json !== "object" || json === null) return json as CelInput;
  const entries = Object.entries(json).filter(([, value]) => !isEmpty(value));
  return new Map(entries.map(([name, value]) => [name, claimsOf(value, ofItem)]));
}

function isEmpty(json: Json): boolean {
  return json === null || json === "" || (typeof json === "object" && Object.keys(json).length === 0);
}

/** Bytes cannot be in a claim, so they mark the empty items of a list: 1 for a text, and 0 for others. */
function markEmpty(item: Json): CelInput {
  return Uint8Array.of(item === "" ? 1 : 0);
}

const corrections = [
  // CEL orders texts by their characters, not by units of UTF-16.
  celFunc("_<_", [STRING, STRING], BOOL, (a, b) => compareTexts(a, b) < 0),
  celFunc("_<=_", [STRING, STRING], BOOL, (a, b) => compareTexts(a, b) <= 0),
  celFunc("_>_", [STRING, STRING], BOOL, (a, b) => compareTexts(a, b) > 0),
  celFunc("_>=_", [STRING, STRING], BOOL, (a, b) => compareTexts(a, b) >= 0),
  // A number without fraction is a key of a map with integer keys.
  celFunc("@in", [DOUBLE, map], BOOL, (key, container) => Number.isInteger(key) && container.has(BigInt(key) as never)),
  // has() of something without fields is an error.
  celFunc("fieldsOf", [DYN], DYN, fieldsOf),
  celFunc("itemsOf", [DYN], DYN, (value) => value as CelInput),
  celFunc("isOneOf", [DYN, list], BOOL, (value, items) => [...items].some((item) => areEqual(item, value))),
];

function fieldsOf(value: CelValue): CelInput {
  const hasFields = isCelMap(value) || (typeof value === "object" && value !== null && "desc" in value);
  if (!hasFields) throw new Error("has no fields");
  return value as CelInput;
}

function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Marks the places where an oracle needs more than the library gives: has(), loops, and lists in brackets. */
function rewrite(expr: Expr): Expr {
  const { exprKind } = expr;
  const call = (name: string, argument: Expr): Expr =>
    create(ExprSchema, { id: expr.id, exprKind: { case: "callExpr", value: { function: name, args: [argument] } } });
  switch (exprKind.case) {
    case "selectExpr": {
      const { value } = exprKind;
      if (value.operand !== undefined) {
        const operand = rewrite(value.operand);
        value.operand = value.testOnly ? call("fieldsOf", operand) : operand;
      }
      break;
    }
    case "callExpr": {
      const { value } = exprKind;
      if (value.target !== undefined) value.target = rewrite(value.target);
      if (value.function === "@in" && value.args[1]?.exprKind.case === "listExpr") value.function = "isOneOf";
      value.args = value.args.map(rewrite);
      break;
    }
    case "listExpr":
      exprKind.value.elements = exprKind.value.elements.map(rewrite);
      break;
    case "comprehensionExpr": {
      const { value } = exprKind;
      if (value.iterRange !== undefined) value.iterRange = call("itemsOf", rewrite(value.iterRange));
      if (value.loopStep !== undefined) value.loopStep = rewrite(value.loopStep);
      break;
    }
    default:
  }
  return expr;
}

function strictFunctions(found: Set<Deviation>) {
  const deviate = (deviation: Deviation): never => {
    found.add(deviation);
    throw new Error(deviation);
  };
  const checkMarks = (...values: readonly CelValue[]) => {
    if (values.some((value) => value instanceof Uint8Array)) deviate("an empty item of a claim is read");
  };
  const refuse = (...values: readonly CelValue[]): never => {
    checkMarks(...values);
    throw new Error("no such overload");
  };
  /** Only a claim is a number beside an integer: the types of fields and literals are known to agree. */
  const equals = (a: CelValue, b: CelValue): boolean => {
    checkMarks(a, b);
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      if (typeof one === "number" && (typeof other === "bigint" || isCelUint(other))) {
        if (!Number.isSafeInteger(one)) deviate("an integer is compared with a claim that is no safe integer");
      }
    }
    if (a !== null && b !== null) {
      if (kindOf(a) !== kindOf(b)) deviate("a claim has another type than the value");
      if (isCelList(a) || isCelMap(a)) deviate("lists or objects of claims are compared");
    }
    return areEqual(a, b);
  };
  const orders = (["_<_", "_<=_", "_>_", "_>=_"] as const).flatMap((name) => {
    const compare = (a: number, b: bigint | CelUint, isSwapped: boolean): boolean => {
      if (!Number.isSafeInteger(a)) deviate("an integer is compared with a claim that is no safe integer");
      const [x, y] = [BigInt(a), isCelUint(b) ? b.value : b];
      const [left, right] = isSwapped ? [y, x] : [x, y];
      return name === "_<_"
        ? left < right
        : name === "_<=_"
          ? left <= right
          : name === "_>_"
            ? left > right
            : left >= right;
    };
    return [
      celFunc(name, [DOUBLE, INT], BOOL, (a, b) => compare(a, b, false)),
      celFunc(name, [DOUBLE, UINT], BOOL, (a, b) => compare(a, b, false)),
      celFunc(name, [INT, DOUBLE], BOOL, (a, b) => compare(b, a, true)),
      celFunc(name, [UINT, DOUBLE], BOOL, (a, b) => compare(b, a, true)),
    ];
  });
  const texts = (["startsWith", "endsWith", "contains"] as const).map((name) =>
    celMethod(name, STRING, [STRING], BOOL, function (part) {
      if (part === "") deviate("an empty text is looked for in a text");
      return name === "contains" ? this.includes(part) : this[name](part);
    }),
  );
  /** One that is equal decides. Else, a comparison that is an error is an error of the whole. */
  const isOneOf = (value: CelValue, items: CelList): boolean => {
    checkMarks(value, ...items);
    let error: unknown;
    for (const item of items) {
      try {
        if (equals(item, value)) return true;
      } catch (caught) {
        error = caught;
      }
    }
    if (error !== undefined) throw error;
    return false;
  };
  const isInClaim = (value: CelValue, items: CelList): boolean => {
    if (value === null) deviate("an unset wrapper is looked for in a list");
    if (typeof value !== "string") {
      const numbers = [...items].map((item) => (Number.isSafeInteger(item) ? BigInt(item as number) : undefined));
      if (numbers.some((number) => areEqual(number ?? null, value))) return true;
      if (numbers.includes(undefined)) deviate("an integer is compared with a claim that is no safe integer");
      return false;
    }
    const isEmptyText = (item: CelValue) => item instanceof Uint8Array && item[0] === 1;
    if (value === "" && [...items].some(isEmptyText)) deviate("an empty item of a claim is read");
    return [...items].some((item) => item === value);
  };
  const isIn = (value: CelValue, items: CelList): boolean => {
    checkMarks(value);
    if (isFromClaims(items)) return isInClaim(value, items);
    if (value === null) deviate("an unset wrapper is looked for in a list");
    const differing = [...items].some((item) => kindOf(item) !== kindOf(value));
    if (differing) deviate("a claim has another type than the value");
    if (
      typeof value === "number" &&
      [...items].some((item) => typeof item !== "number") &&
      !Number.isSafeInteger(value)
    ) {
      deviate("an integer is compared with a claim that is no safe integer");
    }
    return [...items].some((item) => areEqual(item, value));
  };
  const isKey = (key: CelValue, container: CelMap): boolean => {
    if (isFromClaims(container)) deviate("a key is looked for in an object of claims");
    const { mapKey } = (Reflect.get(container, "_map") as ReflectMap).field();
    const keyKind = mapKey === ScalarType.STRING ? "string" : mapKey === ScalarType.BOOL ? "boolean" : "number";
    if (keyKind !== kindOf(key)) deviate("a claim has another type than the value");
    if (typeof key !== "number") return container.has(key as never);
    if (!Number.isSafeInteger(key)) deviate("an integer is compared with a claim that is no safe integer");
    return container.has(BigInt(key) as never);
  };
  return [
    celFunc("_==_", [DYN, DYN], BOOL, equals),
    celFunc("_!=_", [DYN, DYN], BOOL, (a, b) => !equals(a, b)),
    ...orders,
    celFunc("isOneOf", [DYN, list], BOOL, isOneOf),
    celFunc("@in", [DYN, list], BOOL, isIn),
    ...[STRING, DOUBLE, INT, BOOL, UINT].map((type) => celFunc("@in", [type, map], BOOL, isKey)),
    ...texts,
    // With an empty item, nothing else is applicable. The library tries these last.
    ...(["_<_", "_<=_", "_>_", "_>=_", "@in"] as const).map((name) => celFunc(name, [DYN, DYN], BOOL, refuse)),
    ...(["startsWith", "endsWith", "contains"] as const).map((name) =>
      celMethod(name, DYN, [DYN], BOOL, function (part) {
        return refuse(this, part);
      }),
    ),
    celFunc("fieldsOf", [DYN], DYN, (value) => {
      checkMarks(value);
      return fieldsOf(value);
    }),
    celFunc("itemsOf", [DYN], DYN, (value) => {
      checkMarks(value);
      if (isCelMap(value) && isFromClaims(value)) deviate("a loop is over an object of claims");
      return value as CelInput;
    }),
  ];
}

/** Lists and maps of a message have their reflection, and those of claims plain ones. */
function isFromClaims(container: CelList | CelMap): boolean {
  return Array.isArray(Reflect.get(container, "_array")) || Reflect.get(container, "_map") instanceof Map;
}

function kindOf(value: CelValue): string {
  if (typeof value === "bigint" || isCelUint(value)) return "number";
  if (isCelList(value)) return "list";
  return isCelMap(value) ? "map" : typeof value;
}

function areEqual(a: CelValue, b: CelValue): boolean {
  const [x, y] = [a, b].map((value) => (isCelUint(value) ? value.value : value));
  const isNumber = (value: unknown) => typeof value === "number" || typeof value === "bigint";
  // `===` tells a bigint from a number of the same value.
  if (isNumber(x) && isNumber(y)) return x <= y && x >= y;
  if (isCelList(a) && isCelList(b)) {
    return a.size === b.size && [...a].every((item, index) => areEqual(item, b.get(index) as CelValue));
  }
  if (isCelMap(a) && isCelMap(b)) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && areEqual(value, b.get(key) as CelValue));
  }
  const [s, t] = [a, b].map(timeOf);
  return s !== undefined && t !== undefined ? s === t : x === y;
}

function timeOf(value: CelValue): string | undefined {
  const isMessage = typeof value === "object" && value !== null && "message" in value;
  const message = isMessage ? (value.message as Partial<Time>) : undefined;
  return typeof message?.seconds === "bigint" ? `${message.seconds} ${message.nanos}` : undefined;
}
