import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** A type of CEL, with the facts about its form in protobuf-es that code needs. */
export type CelType =
  | { readonly kind: "string" | "bool" | "double" | "bytes" | "null" | "timestamp" }
  /** `form` is the type of the value in JavaScript. `string` is an int64 with `jstype = JS_STRING`. */
  | { readonly kind: "int" | "uint"; readonly form: "number" | "bigint" | "string"; readonly enum?: DescEnum }
  /** A claim, or a part of one: JSON of any type. */
  | { readonly kind: "dyn" }
  | { readonly kind: "list"; readonly element: CelType; readonly isSet?: boolean }
  | { readonly kind: "map"; readonly key: CelType; readonly value: CelType }
  /** A scalar that may be undefined: a field with a wrapper type, such as google.protobuf.StringValue. */
  | { readonly kind: "wrapper"; readonly of: CelType }
  | { readonly kind: "message"; readonly desc: DescMessage }
  /** The claims of a caller. */
  | { readonly kind: "claims" }
  | { readonly kind: "caller" }
  /** A type without support in conditions. */
  | { readonly kind: "other"; readonly name: string };

/** The type of one value of a scalar field. */
export function scalarType(scalar: ScalarType, longAsString: boolean): CelType {
  const form = longAsString ? "string" : "bigint";
  switch (scalar) {
    case ScalarType.STRING:
      return { kind: "string" };
    case ScalarType.BOOL:
      return { kind: "bool" };
    case ScalarType.BYTES:
      return { kind: "bytes" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { kind: "double" };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { kind: "uint", form: "number" };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { kind: "uint", form };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { kind: "int", form };
    default:
      return { kind: "int", form: "number" };
  }
}

/** The wrapper types: protobuf-es has their value in a singular field. */
const wrappers = /^google\.protobuf\.(Double|Float|U?Int32|U?Int64|Bool|String|Bytes)Value$/;

/** The type of a field. */
export function typeOfField(field: DescField): CelType {
  switch (field.fieldKind) {
    case "scalar":
      return scalarType(field.scalar, field.longAsString);
    case "enum":
      return { kind: "int", form: "number", enum: field.enum };
    case "message":
      return messageType(field.message, field.oneof === undefined);
    case "list":
      return { kind: "list", element: elementType(field) };
    case "map":
      return { kind: "map", key: scalarType(field.mapKey, true), value: elementType(field) };
  }
}

/** The type of an item of a list, or of a value of a map. */
function elementType(field: DescField & { fieldKind: "list" | "map" }): CelType {
  if (field.message !== undefined) return messageType(field.message, false);
  if (field.enum !== undefined) return { kind: "int", form: "number", enum: field.enum };
  return scalarType(field.scalar, field.fieldKind === "list" && field.longAsString);
}

function messageType(desc: DescMessage, isSingular: boolean): CelType {
  const { typeName } = desc;
  if (typeName === "google.protobuf.Timestamp") return { kind: "timestamp" };
  const [value] = desc.fields;
  if (isSingular && wrappers.test(typeName) && value?.fieldKind === "scalar") {
    return { kind: "wrapper", of: scalarType(value.scalar, false) };
  }
  // Their form in JavaScript is not that of their fields, or their fields mean nothing to a condition.
  const isOther = wrappers.test(typeName) || /^google\.protobuf\.(Any|Duration|Struct|Value|ListValue)$/.test(typeName);
  return isOther ? { kind: "other", name: typeName } : { kind: "message", desc };
}

/** Returns the name of a type in messages. */
export function nameOf(type: CelType): string {
  switch (type.kind) {
    case "list":
      return `list(${nameOf(type.element)})`;
    case "map":
      return `map(${nameOf(type.key)}, ${nameOf(type.value)})`;
    case "wrapper":
      return nameOf(type.of);
    case "message":
      return type.desc.typeName;
    case "dyn":
    case "claims":
      return type.kind === "dyn" ? "a claim" : "the claims";
    case "caller":
      return "the caller";
    case "other":
      return type.name;
    default:
      return "enum" in type && type.enum !== undefined ? type.enum.typeName : type.kind;
  }
}
