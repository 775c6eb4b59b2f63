import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** A type of a condition, without the forms that it can have in JavaScript. */
export type Readable =
  | {
      readonly kind: "string" | "bool" | "int" | "uint" | "double" | "time" | "bytes" | "claim" | "claims";
      readonly isWrapper?: true;
      readonly enum?: DescEnum;
    }
  | { readonly kind: "message"; readonly desc: DescMessage }
  | { readonly kind: "list"; readonly of: Readable }
  | { readonly kind: "map"; readonly key: Readable; readonly of: Readable };

/** A part of a message: `.leaf.tags[0]`. */
export interface Path {
  readonly text: string;
  readonly type: Readable;
  /** True if it ends with a name, as has() needs it. */
  readonly isNamed: boolean;
}

const known = new Map<DescMessage, readonly Path[]>();

/** All parts of a message down to some depth, the outer ones first. */
export function pathsOf(desc: DescMessage): readonly Path[] {
  const paths =
    known.get(desc) ?? below(desc, 3).sort((a, b) => a.text.split(/[.[]/).length - b.text.split(/[.[]/).length);
  known.set(desc, paths);
  return paths;
}

function below(desc: DescMessage, depth: number): Path[] {
  return depth === 0 ? [] : desc.fields.flatMap((field) => inside(`.${field.name}`, typeOf(field), true, depth));
}

function inside(text: string, type: Readable, isNamed: boolean, depth: number): Path[] {
  const own = { text, type, isNamed };
  if (type.kind === "message") {
    return [own, ...below(type.desc, depth - 1).map((path) => ({ ...path, text: text + path.text }))];
  }
  if (type.kind === "list")
    return [own, ...["[0]", "[1]"].flatMap((index) => inside(text + index, type.of, false, depth))];
  if (type.kind !== "map") return [own];
  const keys = {
    string: ['["a"]', ".b", ".ab", '["x y"]', '["__proto__"]', ".constructor"],
    bool: ["[true]"],
  } as const;
  const numbers =
    type.key.kind === "uint" ? ["[0u]", "[1u]", "[9007199254740993u]"] : ["[0]", "[1]", "[-1]", "[9007199254740993]"];
  const steps = type.key.kind === "string" || type.key.kind === "bool" ? keys[type.key.kind] : numbers;
  return [own, ...steps.flatMap((step) => inside(text + step, type.of, step.startsWith("."), depth))];
}

function typeOf(field: DescField): Readable {
  const item = (): Readable => {
    if (field.message !== undefined) return messageType(field.message);
    if (field.enum !== undefined) return { kind: "int", enum: field.enum };
    return { kind: scalarKind(field.scalar as ScalarType) };
  };
  if (field.fieldKind === "list") return { kind: "list", of: item() };
  if (field.fieldKind === "map") return { kind: "map", key: { kind: scalarKind(field.mapKey) }, of: item() };
  return item();
}

function messageType(desc: DescMessage): Readable {
  if (desc.typeName === "google.protobuf.Timestamp") return { kind: "time" };
  const [value] = desc.fields;
  if (!desc.typeName.startsWith("google.protobuf.") || value?.fieldKind !== "scalar") return { kind: "message", desc };
  return { kind: scalarKind(value.scalar), isWrapper: true };
}

function scalarKind(scalar: ScalarType): "string" | "bool" | "int" | "uint" | "double" | "bytes" {
  switch (scalar) {
    case ScalarType.STRING:
      return "string";
    case ScalarType.BOOL:
      return "bool";
    case ScalarType.BYTES:
      return "bytes";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "double";
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return "uint";
    default:
      return "int";
  }
}
