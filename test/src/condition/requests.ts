import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, type FileDescriptorSet, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { compile } from "../generator/schema.js";
import { doubles, int, string, times, uint } from "./pools.js";
import { requestProtos } from "./request-protos.js";
import type { Tape } from "./tape.js";

/** The schema of all requests, without the service. It imports the options. */
export const requestSchema: FileDescriptorSet = compile({
  ...requestProtos,
  "uses-options.proto": 'syntax = "proto3"; import "connectum/auth/v1/options.proto";',
});
export const registry: FileRegistry = createFileRegistry(requestSchema);
export const requestDescs: readonly DescMessage[] = ["Three", "Two", "Edition", "Leaf"].map((name) => messageOf(name));

function messageOf(name: string): DescMessage {
  const desc = registry.getMessage(`random.v1.${name}`);
  if (desc === undefined) throw new Error(`there is no message ${name}`);
  return desc;
}

/** A random message as a server gets it: decoded from bytes. */
export function randomRequest(tape: Tape, desc: DescMessage): Message {
  return fromBinary(desc, toBinary(desc, randomMessage(tape, desc, 0)));
}

function randomMessage(tape: Tape, desc: DescMessage, depth: number): Message {
  const message = create(desc);
  const fields: Record<string, unknown> = message as Message & Record<string, unknown>;
  // A tape that is at its end leaves everything unset.
  const isSet = (field: DescField) => isRequired(field) || tape.below(5) > (depth > 1 ? 3 : 1);
  for (const field of desc.fields.filter(({ oneof }) => oneof === undefined)) {
    if (isSet(field)) fields[field.localName] = randomField(tape, field, depth);
  }
  for (const oneof of desc.oneofs) {
    if (tape.below(4) === 0) continue;
    const field = tape.pick(oneof.fields);
    fields[oneof.localName] = { case: field.localName, value: randomField(tape, field, depth) };
  }
  return message;
}

/** A message without a required field has no bytes. */
function isRequired({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

function randomField(tape: Tape, field: DescField, depth: number): unknown {
  switch (field.fieldKind) {
    case "scalar":
      return randomScalar(tape, field.scalar, field.longAsString);
    case "list": {
      const isString = field.listKind === "scalar" && field.longAsString;
      return tape.many(3, () => randomItem(tape, field, isString, depth));
    }
    case "map": {
      const key = () => String(randomScalar(tape, field.mapKey, false));
      return Object.fromEntries(tape.many(3, () => [key(), randomItem(tape, field, false, depth)] as const));
    }
    default:
      return randomItem(tape, field, false, depth);
  }
}

function randomItem(tape: Tape, field: DescField, isString: boolean, depth: number): unknown {
  if (field.enum !== undefined) {
    const numbers = field.enum.values.map(({ number }) => number);
    return tape.pick(field.enum.open ? [...numbers, 99] : numbers);
  }
  if (field.message === undefined) return randomScalar(tape, field.scalar as ScalarType, isString);
  const { message } = field;
  if (message.typeName === TimestampSchema.typeName) return create(TimestampSchema, tape.early(times));
  const [value] = message.fields;
  if (message.typeName.startsWith("google.protobuf.") && value?.fieldKind === "scalar") {
    return randomScalar(tape, value.scalar, false);
  }
  return randomMessage(tape, message, depth + 1);
}

function randomScalar(tape: Tape, scalar: ScalarType, isString: boolean): unknown {
  const long = (value: bigint) => (isString ? String(value) : value);
  switch (scalar) {
    case ScalarType.STRING:
      return string(tape);
    case ScalarType.BOOL:
      return tape.below(2) === 1;
    case ScalarType.BYTES:
      return Uint8Array.from(tape.many(2, () => tape.below(256)));
    case ScalarType.DOUBLE:
      return tape.early(doubles);
    case ScalarType.FLOAT:
      return Math.fround(Math.min(tape.early(doubles), 2 ** 53));
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return Number(uint(tape, 32));
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return long(uint(tape, 64));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return long(int(tape, 64));
    default:
      return Number(int(tape, 32));
  }
}
