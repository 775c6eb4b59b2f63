import { and, atom, or, print } from "./bool-code.js";
import { nameOf } from "./cel-type.js";
import { asPresent, asType, equal, guardsOfParent, withBig } from "./compare.js";
import { ConditionError, type Span } from "./condition-error.js";
import { castTo, type Printer } from "./printer.js";
import { type Truth, truthOf, type Value } from "./term.js";

/** The functions on strings, with their names in JavaScript. */
export const stringFunctions: ReadonlyMap<string, string> = new Map([
  ["startsWith", "startsWith"],
  ["endsWith", "endsWith"],
  ["contains", "includes"],
]);

/** `text.startsWith(part)`, and its likes. */
export function callOnString(name: string, text: Value, part: Value, span: Span): Truth {
  const [x, y] = [text, part].map((value) => asText(value, name, span)) as [Value, Value];
  if (y.isLiteral === true && y.code === '""') {
    throw new ConditionError(span, `looks for an empty text with ${name}(), which is always there. Write a text`);
  }
  const call = `${x.code}.${stringFunctions.get(name)}(${y.code})`;
  // An empty part is in every text: the request must not choose it.
  const isPart: Value =
    y.isLiteral === true || part.type.kind === "dyn" ? y : { ...y, guards: [...y.guards, atom(`${y.code} !== ""`)] };
  return truthOf([x, isPart], atom(call), atom(`!${call}`));
}

function asText(value: Value, name: string, span: Span): Value {
  const text = value.type.kind === "dyn" ? asType(value, { kind: "string" }, span) : asPresent(value);
  if (text.type.kind === "string") return text;
  throw new ConditionError(span, `${name}() needs strings, but got ${nameOf(value.type)}`);
}

/** `size(value)`: items of a list, entries of a map, characters of a string, or bytes. */
export function sizeOf(value: Value, span: Span): Value {
  const { type, code } = asPresent(value);
  const size = (text: string): Value => ({
    ...asPresent(value),
    type: { kind: "int", form: "number" },
    code: text,
    root: undefined,
  });
  if (type.kind === "list") return size(type.isSet === true ? `${code}.size` : `${code}.length`);
  if (type.kind === "map") return size(`Object.keys(${code}).length`);
  // CEL counts code points, not units of UTF-16.
  if (type.kind === "string") return size(`Array.from(${code}).length`);
  if (type.kind === "bytes") return size(`${code}.length`);
  const hint = type.kind === "dyn" ? ", since its type is unknown. Use `in`, all() or exists()" : "";
  throw new ConditionError(span, `size() of ${nameOf(type)} is not supported${hint}`);
}

/** `value in list`, `value in [a, b]` or `key in map`. */
export function isIn(value: Value, container: Value, span: Span, printer: Printer): Truth {
  const { type } = container;
  if (type.kind === "dyn") return isInClaim(value, container, span);
  const x = asPresent(value.type.kind === "dyn" && type.kind !== "message" ? asItem(value, container, span) : value);
  if (type.kind === "map") {
    checkItem(x, type.key.kind, container, span);
    printer.helpers.add("hasKey");
    const call = `hasKey(${container.code}, ${type.key.kind === "string" ? x.code : textOf(x)})`;
    return truthOf([x, container], atom(call), atom(`!${call}`));
  }
  if (type.kind !== "list") throw new ConditionError(span, `\`in\` needs a list or a map, but got ${nameOf(type)}`);
  const { element } = type;
  checkItem(x, element.kind, container, span);
  if (element.kind === "int" || element.kind === "uint") {
    if (element.form === "string") {
      const call = `${container.code}.includes(${textOf(x)})`;
      return truthOf([x, container], atom(call), atom(`!${call}`));
    }
    const isBig =
      element.form === "bigint" || (x.int === undefined && x.type.kind === element.kind && x.type.form !== "number");
    const item = withBig(x, isBig);
    const list = element.form === "number" && isBig ? `Array.from(${container.code}, BigInt)` : container.code;
    return truthOf([item, container], atom(`${list}.includes(${item.code})`), atom(`!${list}.includes(${item.code})`));
  }
  if (!["string", "bool", "double"].includes(element.kind)) {
    throw new ConditionError(span, `looks for a value in ${nameOf(type)}, which is not supported. Use exists()`);
  }
  // `includes` finds NaN, which equals nothing in CEL.
  const method = type.isSet === true ? "has" : element.kind === "double" ? "indexOf" : "includes";
  const call = `${container.code}.${method}(${x.code})`;
  if (method === "indexOf") return truthOf([x, container], atom(`${call} >= 0`), atom(`${call} < 0`));
  return truthOf([x, container], atom(call), atom(`!${call}`));
}

/** An integer as text. JavaScript would round a large literal. */
function textOf({ int, code }: Value): string {
  return int === undefined ? `String(${code})` : `"${int}"`;
}

function asItem(claim: Value, { type }: Value, span: Span): Value {
  const wanted = type.kind === "map" ? type.key : type.kind === "list" ? type.element : type;
  return asType(claim, wanted, span);
}

function checkItem(value: Value, kind: string, container: Value, span: Span): void {
  if (value.type.kind === kind) return;
  const hint = value.int !== undefined && kind === "uint" ? `. Write ${value.int}u` : "";
  throw new ConditionError(span, `looks for ${nameOf(value.type)} in ${nameOf(container.type)}${hint}`);
}

/** A claim must be a list. Its empty items equal nothing. */
function isInClaim(value: Value, claim: Value, span: Span): Truth {
  if (value.type.kind === "dyn") {
    throw new ConditionError(span, "looks for a claim in a claim, whose types are unknown");
  }
  const x = asPresent(value);
  const isList = atom(`Array.isArray(${claim.code})`);
  const list: Value = { ...claim, guards: [...guardsOfParent(claim), isList] };
  const items = castTo(claim.code, "unknown[]");
  if (x.type.kind === "string") {
    const isText = x.isLiteral === true && x.code !== '""' ? [] : [atom(`${x.code} !== ""`)];
    return truthOf(
      [x, list],
      and(...isText, atom(`${items}.includes(${x.code})`)),
      atom(`!${items}.includes(${x.code})`),
    );
  }
  if (x.type.kind !== "int" && x.type.kind !== "uint") {
    throw new ConditionError(span, `looks for ${nameOf(x.type)} in a claim. Strings and integers are supported`);
  }
  const item: Value = { kind: "value", type: { kind: "dyn" }, code: "item", guards: [], reads: claim.reads };
  const { yes, no } = equal(item, { ...x, guards: [] }, span);
  // Another type, or a number that JSON rounded, is an error: it is not certainly different.
  const test = (method: "some" | "every", code: typeof yes) => atom(`${items}.${method}((item) => ${print(code)})`);
  return truthOf([x, list], test("some", yes), test("every", no));
}

/** `value in [a, b]` with literals and other scalars: one must be equal, and none may be an error. */
export function isOneOf(value: Value, items: readonly Value[], span: Span): Truth {
  const equalities = items.map((item) => equal(value, item, span));
  const guards = [value, ...items].flatMap((one) => one.guards);
  const yes = and(...guards, or(...equalities.map((one) => one.yes)));
  const no = and(...guards, ...equalities.map((one) => one.no));
  const { mayBeTrue, mayBeFalse, reads } = truthOf([value, ...items], yes, no);
  return { kind: "truth", yes, no, mayBeTrue, mayBeFalse, reads };
}
