import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { and, atom, type BoolCode, never } from "./bool-code.js";
import { type CelType, nameOf, typeOfField } from "./cel-type.js";
import { guardsOfParent } from "./compare.js";
import { ConditionError, type Span } from "./condition-error.js";
import { nonNull, type Printer } from "./printer.js";
import { addMember, type ObjectShape, objectShape, type Shape } from "./shape.js";
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

/** Reads a claim, or a member of one. The helper returns undefined for an absent, null or empty one. */
function claimOf(object: Value, name: string, printer: Printer): Value {
  printer.helpers.add("claimOf");
  const code = `claimOf(${object.code}, ${literal(name)})`;
  const isObject = atom(`typeof ${object.code} === "object"`);
  const parent = object.type.kind === "claims" ? [] : [...guardsOfParent(object), isObject];
  // has() of an item of a list is an error.
  const notList = object.type.kind === "claims" ? [] : [atom(`!Array.isArray(${object.code})`)];
  return {
    kind: "value",
    type: { kind: "dyn" },
    code,
    guards: [...parent, atom(`${code} !== undefined`)],
    reads: object.reads,
    presence: {
      yes: and(...parent, atom(`${code} !== undefined`)),
      no: and(...parent, ...notList, atom(`${code} === undefined`)),
    },
  };
}

/** Facts about a caller, with the type that the generated code declares. */
export const callerFacts: { readonly [name: string]: { readonly type: CelType; readonly text: string } } = {
  subject: { type: { kind: "string" }, text: "string" },
  name: { type: { kind: "string" }, text: "string | undefined" },
  roles: { type: { kind: "list", element: { kind: "string" }, isSet: true }, text: "ReadonlySet<string>" },
  scopes: { type: { kind: "list", element: { kind: "string" }, isSet: true }, text: "ReadonlySet<string>" },
  permissions: { type: { kind: "list", element: { kind: "string" }, isSet: true }, text: "ReadonlySet<string>" },
  type: { type: { kind: "string" }, text: "string" },
  internal: { type: { kind: "bool" }, text: "boolean" },
  claims: { type: { kind: "claims" }, text: "{ readonly [name: string]: unknown }" },
};

function factOf(caller: Value, name: string, span: Span): Value {
  const fact = Object.hasOwn(callerFacts, name) ? callerFacts[name] : undefined;
  if (fact === undefined) {
    const names = Object.keys(callerFacts);
    const meant = nearest(name, names);
    const hint =
      meant === undefined
        ? `It has ${names.join(", ")}. Did you mean caller.claims.${name}?`
        : `Did you mean ${meant}?`;
    throw new ConditionError(span, `caller has no field ${literal(name)}. ${hint}`);
  }
  addMember(caller.shape as ObjectShape, name, false, () => ({ kind: "plain", text: fact.text }));
  const code = `${caller.code}.${name}`;
  const base: Value = { kind: "value", type: fact.type, code, guards: [], reads: caller.reads };
  if (fact.type.kind !== "string") return base;
  const isOptional = name === "name";
  const isThere = [...(isOptional ? [atom(`${code} !== undefined`)] : []), atom(`${code} !== ""`)];
  return {
    ...base,
    // An empty name must not equal an empty field.
    guards: isThere,
    ...(isOptional && { presence: { yes: and(...isThere), no: atom(`(${code} === undefined || ${code} === "")`) } }),
  };
}

function fieldOf(object: Value, desc: DescMessage, name: string, span: Span, printer: Printer): Value {
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

/** A call, since TypeScript would take the value for undefined in the rest of the condition. */
function presenceBy(code: string, printer: Printer): NonNullable<Value["presence"]> {
  printer.helpers.add("isSet");
  return { yes: atom(`isSet(${code})`), no: atom(`!isSet(${code})`) };
}

function presenceOf(
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

function isScalarField(field: DescField): boolean {
  return field.fieldKind === "scalar" || field.fieldKind === "enum";
}

/** Whether protobuf-es has undefined for an unset field: `optional` in proto3. In proto2, it has the default instead. */
function usesUndefined(field: DescField): boolean {
  return field.proto.proto3Optional;
}

/** The default of a field, as code. */
function defaultOf(field: DescField, type: CelType): string {
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

/** The shape of a value that nothing is read of yet. */
export function shapeOf(type: CelType): Shape {
  switch (type.kind) {
    case "message":
      return objectShape();
    case "list":
      return { kind: "list", element: shapeOf(type.element) };
    case "map":
      return { kind: "map", value: shapeOf(type.value) };
    case "wrapper":
      return shapeOf(type.of);
    case "timestamp":
      return { kind: "plain", text: "{ readonly seconds: bigint; readonly nanos: number }" };
    case "bool":
      return { kind: "plain", text: "boolean" };
    case "double":
      return { kind: "plain", text: "number" };
    case "int":
    case "uint":
      return { kind: "plain", text: type.form };
    case "bytes":
      return { kind: "plain", text: "Uint8Array" };
    case "string":
      return { kind: "plain", text: "string" };
    default:
      return { kind: "plain", text: "unknown" };
  }
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
