import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";

/** Reads one field's value from the reader, or returns false without touching it to have it skipped. */
export type FieldVisitor = (field: number, reader: BinaryReader, wireType: WireType) => boolean;

/**
 * Walks the fields of a serialized message in the order they were written.
 *
 * The generator reads the few fields it needs straight from the wire: a large request is mostly messages and
 * source positions, which need not be decoded at all.
 *
 * @throws Error when the bytes are not a serialized message.
 */
export function readMessage(bytes: Uint8Array, visit: FieldVisitor): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!visit(field, reader, wireType)) reader.skip(wireType, field);
  }
}

/** Joins two occurrences of one message field: messages are merged by concatenating their bytes. */
export function mergeBytes(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  return first === undefined ? second : Buffer.concat([first, second]);
}
