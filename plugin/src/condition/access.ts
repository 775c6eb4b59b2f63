import { literal } from "../text/literal.js";
import { and, atom, type BoolCode } from "./bool-code.js";
import { factOf } from "./caller-facts.js";
import { type CelType, nameOf } from "./cel-type.js";
import { claimOf } from "./claims.js";
import { ConditionError, type Span } from "./condition-error.js";
import { fieldOf } from "./fields.js";
import { nonNull, type Printer } from "./printer.js";
import type { Value } from "./term.js";

/** Reads a member: a field of a message, an entry of a map, a claim, or a fact about the caller. */
export function member(object: Value, name: string, span: Span, printer: Printer): Value {
  const { type } = object;
  if (type.kind === "message") return fieldOf(object, type.desc, name, span, printer);
  if (type.kind === "claims" || type.kind === "dyn") return claimOf(object, name, printer);
  if (type.kind === "caller") return factOf(object, name, span);
  if (type.kind === "map") return entryOf(object, { kind: "string" }, literal(name), [], span, printer);
  if (type.kind === "timestamp") {
    throw new ConditionError(span, "a time has no fields in a condition. Compare it with now or with another time");
  }
  const hint = type.kind === "list" ? ". Use all(), exists() or an index" : "";
  throw new ConditionError(span, `${nameOf(type)} has no field ${literal(name)}${hint}`);
}

/** Reads `object[key]`: an item of a list, an entry of a map, or a claim. */
export function indexed(object: Value, key: Value, span: Span, printer: Printer): Value {
  const { type } = object;
  if ((type.kind === "claims" || type.kind === "dyn") && key.isLiteral === true && key.type.kind === "string") {
    return claimOf(object, JSON.parse(key.code) as string, printer);
  }
  if (type.kind === "map") return entryOf(object, key.type, key.code, key.guards, span, printer, key);
  if (type.kind !== "list" || type.isSet === true) {
    const hint =
      type.kind === "dyn" || type.kind === "claims" ? "A claim is read by a literal name" : "It has no index";
    throw new ConditionError(span, `reads ${nameOf(type)} by an index. ${hint}`);
  }
  if (key.int === undefined || key.int < 0n) {
    throw new ConditionError(
      span,
      "an index must be a literal that is not negative. Use all() or exists() for every item",
    );
  }
  return {
    ...elementOf(object, type.element, nonNull(`${object.code}[${key.int}]`)),
    guards: [...object.guards, atom(`${object.code}.length > ${key.int}`)],
  };
}

/** The value of an item of a list, or of a value of a map. */
export function elementOf(container: Value, type: CelType, code: string): Value {
  const { shape } = container;
  const inner = shape?.kind === "list" ? shape.element : shape?.kind === "map" ? shape.value : undefined;
  return {
    kind: "value",
    type,
    code,
    guards: container.guards,
    reads: container.reads,
    root: container.root,
    ...(inner && { shape: inner }),
  };
}

function entryOf(
  map: Value,
  keyType: CelType,
  keyCode: string,
  guards: readonly BoolCode[],
  span: Span,
  printer: Printer,
  key?: Value,
): Value {
  const type = map.type as CelType & { readonly kind: "map" };
  if (keyType.kind !== type.key.kind) {
    throw new ConditionError(
      span,
      `reads ${nameOf(type)} by a key of type ${nameOf(keyType)}. It has keys of type ${nameOf(type.key)}`,
    );
  }
  const text = key?.int === undefined ? `String(${keyCode})` : literal(String(key.int));
  const property = type.key.kind === "string" ? keyCode : text;
  printer.helpers.add("hasKey");
  const isThere = atom(`hasKey(${map.code}, ${property})`);
  const entry = elementOf(map, type.value, nonNull(`${map.code}[${property}]`));
  return {
    ...entry,
    guards: [...map.guards, ...guards, isThere],
    reads: new Set([...map.reads, ...(key?.reads ?? [])]),
    presence: { yes: and(...map.guards, isThere), no: and(...map.guards, atom(`!hasKey(${map.code}, ${property})`)) },
  };
}
