import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { and, never } from "./bool-code.js";
import { type CelType, typeOfField } from "./cel-type.js";
import { ConditionError, type Span } from "./condition-error.js";
import { defaultOf, isScalarField, presenceBy, presenceOf, usesUndefined } from "./field-presence.js";
import type { Printer } from "./printer.js";
import { addMember, type ObjectShape, type Shape } from "./shape.js";
import { shapeOf } from "./shape-of.js";
import type { Value } from "./term.js";

/** Reads a field of a message. */
export function fieldOf(object: Value, desc: DescMessage, name: string, span: Span, printer: Printer): Value {
  const field = desc.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new ConditionError(span, explainUnknownField(desc, name));
  const type = typeOfField(field);
  if (type.kind === "other") {
    throw new ConditionError(span, `${desc.typeName}.${name} has the type ${type.name}, which conditions cannot read`);
  }
  const shape = object.shape as ObjectShape;
  const { oneof } = field;
  const { presence, ...value } =
    oneof === undefined
      ? plainField(object, shape, field, type, printer)
      : oneofField(object, shape, field, oneof, type, printer);
  if (presence === undefined) return value;
  const [yes, no] = [presence.yes, presence.no].map((test) => and(...object.guards, test));
  return { ...value, presence: { yes: yes ?? never, no: no ?? never } };
}

function plainField(object: Value, shape: ObjectShape, field: DescField, type: CelType, printer: Printer): Value {
  const isMessage = field.fieldKind === "message";
  const isTracked = isMessage || (isScalarField(field) && field.presence !== FeatureSet_FieldPresence.IMPLICIT);
  // protobuf-es declares these as optional. Those of proto2 have their default in the prototype.
  const isOptional = isMessage || (isTracked && usesUndefined(field));
  const inner = addMember(shape, field.localName, isOptional, () => shapeOf(type));
  const code = `${object.code}${object.isOptional === true ? "?" : ""}.${field.localName}`;
  const isMissing = object.isOptional === true || isOptional;
  const base = { ...withShape(object, type, inner) };
  if (type.kind === "message" || type.kind === "timestamp") {
    return { ...base, code, isOptional: true, presence: presenceBy(code, printer) };
  }
  if (type.kind === "wrapper") return { ...base, code, presence: presenceBy(code, printer) };
  const value = isMissing ? `(${code} ?? ${defaultOf(field, type)})` : code;
  return { ...base, code: value, presence: presenceOf(object, field, type, code, value, isTracked, printer) };
}

function oneofField(
  object: Value,
  shape: ObjectShape,
  field: DescField,
  oneof: DescOneof,
  type: CelType,
  printer: Printer,
): Value {
  const group = addMember(shape, oneof.localName, false, () => ({
    kind: "oneof",
    read: new Map(),
    names: oneof.fields.map(({ localName }) => localName),
  }));
  const read = group.kind === "oneof" ? group.read : new Map<string, Shape>();
  const inner = read.get(field.localName) ?? shapeOf(type);
  read.set(field.localName, inner);
  printer.helpers.add("oneofValue");
  const access = `${object.code}${object.isOptional === true ? "?" : ""}.${oneof.localName}`;
  const found = `oneofValue(${access}, ${literal(field.localName)})`;
  const isMessage = type.kind === "message" || type.kind === "timestamp";
  const code = isMessage ? found : `(${found} ?? ${defaultOf(field, type)})`;
  const presence = presenceBy(found, printer);
  return { ...withShape(object, type, inner), code, presence, ...(isMessage && { isOptional: true }) };
}

function withShape(object: Value, type: CelType, shape: Shape): Omit<Value, "code"> {
  const { guards, reads, root } = object;
  const isPlain = shape.kind === "plain" && type.kind !== "timestamp";
  return { kind: "value", type, guards, reads, root, ...(isPlain ? {} : { shape }) };
}

/** Explains an unknown field, with the nearest name or all names. */
export function explainUnknownField({ typeName, fields, oneofs }: DescMessage, name: string): string {
  const text = `${typeName} has no field ${literal(name)}`;
  if (oneofs.some((oneof) => oneof.name === name)) {
    return `${text}, only a oneof of that name. Use one of its fields`;
  }
  const names = fields.map((field) => field.name);
  const meant = fields.find((field) => field.localName === name)?.name ?? nearest(name, names);
  if (meant !== undefined) return `${text}. Did you mean ${meant}?`;
  const known = names.length > 12 ? `${names.slice(0, 12).join(", ")}, …` : names.join(", ");
  return names.length === 0 ? `${text}: it has no fields` : `${text}. It has ${known}`;
}
