import type { DescField } from "@bufbuild/protobuf";
import { literal } from "../text/literal.js";
import { atom } from "./bool-code.js";
import type { CelType } from "./cel-type.js";
import type { Printer } from "./printer.js";
import type { Value } from "./term.js";

/** A call, since TypeScript would take the value for undefined in the rest of the condition. */
export function presenceBy(code: string, printer: Printer): NonNullable<Value["presence"]> {
  printer.helpers.add("isSet");
  return { yes: atom(`isSet(${code})`), no: atom(`!isSet(${code})`) };
}

/** Tests whether a scalar field, a list or a map is set. */
export function presenceOf(
  object: Value,
  field: DescField,
  type: CelType,
  code: string,
  value: string,
  isTracked: boolean,
  printer: Printer,
): NonNullable<Value["presence"]> {
  if (type.kind === "list") return { yes: atom(`${value}.length > 0`), no: atom(`${value}.length === 0`) };
  if (type.kind === "map") {
    const size = `Object.keys(${value}).length`;
    return { yes: atom(`${size} > 0`), no: atom(`${size} === 0`) };
  }
  if (!isTracked) {
    if (type.kind === "bytes") return { yes: atom(`${value}.length > 0`), no: atom(`${value}.length === 0`) };
    // A negative zero is on the wire.
    if (type.kind === "double") return { yes: atom(`!Object.is(${value}, 0)`), no: atom(`Object.is(${value}, 0)`) };
    if (type.kind === "bool") return { yes: atom(value), no: atom(`!${value}`) };
    return { yes: atom(`${value} !== ${defaultOf(field, type)}`), no: atom(`${value} === ${defaultOf(field, type)}`) };
  }
  if (usesUndefined(field)) return presenceBy(code, printer);
  // The default of a proto2 field is in the prototype.
  const owner = object.isOptional === true ? `${object.code} ?? {}` : object.code;
  printer.helpers.add("hasKey");
  const test = `hasKey(${owner}, ${literal(field.localName)})`;
  return { yes: atom(test), no: atom(`!${test}`) };
}

/** Whether a field has a scalar or an enum. */
export function isScalarField(field: DescField): boolean {
  return field.fieldKind === "scalar" || field.fieldKind === "enum";
}

/** Whether protobuf-es has undefined for an unset field: `optional` in proto3. In proto2, it has the default instead. */
export function usesUndefined(field: DescField): boolean {
  return field.proto.proto3Optional;
}

/** The default of a field, as code. */
export function defaultOf(field: DescField, type: CelType): string {
  if (type.kind === "list") return "[]";
  if (type.kind === "map") return "{}";
  // The first value of a closed enum is not 0.
  const first = field.enum?.values[0]?.number;
  const value = ("getDefaultValue" in field ? field.getDefaultValue() : undefined) ?? first;
  switch (type.kind) {
    case "string":
      return literal(typeof value === "string" ? value : "");
    case "bool":
      return String(value === true);
    case "double":
      return typeof value === "number" ? String(value) : "0";
    case "int":
    case "uint": {
      const number = value === undefined ? "0" : String(value);
      return type.form === "number" ? number : type.form === "bigint" ? `BigInt(${literal(number)})` : literal(number);
    }
    default:
      return `new Uint8Array(${value instanceof Uint8Array ? `[${value.join()}]` : ""})`;
  }
}
