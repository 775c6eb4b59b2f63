import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A field that does not match the descriptor: the field numbers that lead to it, and its descriptor if known. */
export type WireFault = { readonly path: readonly number[]; readonly field: DescField | undefined };

/**
 * Compares a serialized message and its nested messages with the descriptor. Returns the fields that do not match.
 *
 * protobuf-es ignores the wire type of a field. It decodes a bool sent as a string as absent, and a message sent as a
 * number as empty. An empty `requires` admits every authenticated caller.
 *
 * Throws an `Error` for a nested message longer than its parent and for invalid UTF-8. protobuf-es accepts both.
 *
 * @example
 * findWireFaults(Uint8Array.of(0x10, 0x00), MethodAuthSchema); // `requires` as a number
 * // [{ path: [2], field: MethodAuthSchema.field.requires }]
 *
 * findWireFaults(Uint8Array.of(0x48, 0x01), MethodAuthSchema); // an unknown field
 * // [{ path: [9], field: undefined }]
 */
export function findWireFaults(bytes: Uint8Array, message: DescMessage, parent: readonly number[] = []): WireFault[] {
  const faults: WireFault[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = message.fields.find((candidate) => candidate.number === number);
    const isString = field?.scalar === ScalarType.STRING;
    // The options have messages, strings, booleans and uint32 only. A test verifies this.
    const expected = isString || field?.message ? WireType.LengthDelimited : WireType.Varint;
    if (field === undefined || wireType !== expected) {
      faults.push({ path: [...parent, number], field });
      reader.skip(wireType, number);
    } else if (field.message) faults.push(...findWireFaults(reader.bytes(), field.message, [...parent, number]));
    else if (isString) reader.string(true);
    else reader.skip(wireType, number);
  }
  return faults;
}
