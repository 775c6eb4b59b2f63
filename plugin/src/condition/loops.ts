import { elementOf } from "./access.js";
import { always, and, atom, type BoolCode, print } from "./bool-code.js";
import { nameOf } from "./cel-type.js";
import { guardsOfParent } from "./compare.js";
import { ConditionError, type Span } from "./condition-error.js";
import { castTo, type Printer } from "./printer.js";
import { isKnownEarly, type Truth, type Value } from "./term.js";

/** The items of a loop. */
export interface Items {
  /** An array, as code. */
  readonly code: string;
  /** The parameter of the function for each item. */
  readonly name: string;
  /** The item, as the body of the loop reads it. */
  readonly item: Value;
  readonly guards: readonly BoolCode[];
}

/** `range.all(variable, body)` or `range.exists(variable, body)`. */
export function loopOver(name: "all" | "exists", range: Value, variable: string, items: Items, body: Truth): Truth {
  const { code, name: parameter, guards } = items;
  const { yes, no, mayBeTrue, reads: read } = body;
  const reads = new Set([...range.reads, ...[...read].filter((one) => one !== variable)]);
  const each = (method: "every" | "some", test: BoolCode) =>
    // An empty list decides, whatever the test of an item is.
    test.op === "constant" && test.value === (method === "every")
      ? test
      : atom(`${code}.${method}((${parameter}) => ${print(test)})`);
  const isAll = name === "all";
  const found = and(...guards, isAll ? each("every", yes) : each("some", yes));
  const missing = and(...guards, isAll ? each("some", no) : each("every", no));
  const isEarly = isKnownEarly(reads);
  const early = isKnownEarly(range.reads) ? guards : [];
  // Without items, all() is true.
  const inEachItem = isAll || mayBeTrue.op === "constant" || print(mayBeTrue).includes(parameter) ? always : mayBeTrue;
  return {
    kind: "truth",
    yes: found,
    no: missing,
    mayBeTrue: isEarly ? found : and(...early, inEachItem),
    mayBeFalse: isEarly ? missing : and(...early),
    reads,
  };
}

/** The items of a range, as an array, and the variable of the loop. */
export function itemsOf(span: Span, range: Value, variable: string, printer: Printer): Items {
  const { type, code, guards } = range;
  // `$` keeps it apart from every word of JavaScript.
  const name = `$${variable}`;
  const own = { kind: "value", guards: [], reads: new Set([variable]) } as const;
  const root = range.root === undefined ? undefined : (range.root ?? 0) + 1;
  if (type.kind === "list") {
    const item: Value = { ...elementOf(range, type.element, name), ...own, root };
    if (type.isSet === true) return { code: `Array.from(${code})`, name, item, guards };
    return { code, name, item, guards };
  }
  if (type.kind === "map" && type.key.kind === "string") {
    return { code: `Object.keys(${code})`, name, item: { ...own, type: type.key, code: name, root }, guards };
  }
  if (type.kind === "dyn") {
    printer.helpers.add("given");
    const items = castTo(code, "unknown[]");
    const item: Value = { ...own, type, code: `given(${name})`, guards: [atom(`given(${name}) !== undefined`)] };
    return { code: items, name, item, guards: [...guardsOfParent(range), atom(`Array.isArray(${code})`)] };
  }
  throw new ConditionError(span, `loops over ${nameOf(type)}. Lists, and maps with string keys, are supported`);
}
