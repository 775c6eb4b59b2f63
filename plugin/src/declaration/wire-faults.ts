import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A field that does not fit its message: its numbers from the top, and its descriptor if the number is known. */
export type WireFault = { readonly path: readonly number[]; readonly field: DescField | undefined };

/**
 * Compares a serialized message, and the messages in it, with the descriptor.
 *
 * protobuf-es decodes a field by its number alone: a bool sent as text reads as absent, and a message sent as a number
 * reads as an empty one, which for `requires` admits every authenticated caller. It also lets a nested message run past
 * its end, and accepts broken UTF-8 in proto2; this function throws.
 */
export function findWireFaults(bytes: Uint8Array, message: DescMessage, parent: readonly number[] = []): WireFault[] {
  const faults: WireFault[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = message.fields.find((candidate) => candidate.number === number);
    const isText = field?.scalar === ScalarType.STRING;
    // Options consist of messages, texts and booleans. A test compares this with the options proto.
    const expected = isText || field?.message ? WireType.LengthDelimited : WireType.Varint;
    if (field === undefined || wireType !== expected) {
      faults.push({ path: [...parent, number], field });
      reader.skip(wireType, number);
    } else if (field.message) faults.push(...findWireFaults(reader.bytes(), field.message, [...parent, number]));
    else if (isText) reader.string(true);
    else reader.skip(wireType, number);
  }
  return faults;
}
