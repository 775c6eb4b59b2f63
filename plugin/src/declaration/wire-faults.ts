import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A field of a serialized message that does not fit the message's descriptor. */
export interface WireFault {
  /** Field numbers, from the message down. */
  readonly path: readonly number[];
  /** The field that the descriptor has under this number. Undefined for an unknown field. */
  readonly field: DescField | undefined;
}

/**
 * Compares a serialized message with its descriptor, field by field and in nested messages.
 *
 * `@bufbuild/protobuf` decodes a field by its number alone: a bool sent as text reads as absent, and a message sent as a
 * number reads as an empty one, which for `requires` admits every authenticated caller. It also lets a nested message
 * run past its end, and accepts broken UTF-8 in proto2.
 *
 * @throws Error when the bytes are not a message, or text in them is not UTF-8.
 */
export function findWireFaults(bytes: Uint8Array, message: DescMessage, parent: readonly number[] = []): WireFault[] {
  const faults: WireFault[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = message.fields.find((candidate) => candidate.number === number);
    const path = [...parent, number];
    if (field === undefined || wireType !== wireTypeOf(field)) {
      faults.push({ path, field });
      reader.skip(wireType, number);
    } else if (field.message !== undefined) {
      faults.push(...findWireFaults(reader.bytes(), field.message, path));
    } else if (field.scalar === ScalarType.STRING) {
      reader.string(true);
    } else {
      reader.skip(wireType, number);
    }
  }
  return faults;
}

/** Options consist of messages, texts and booleans. A test compares this with the options proto. */
function wireTypeOf({ message, scalar }: DescField): WireType {
  return message !== undefined || scalar === ScalarType.STRING ? WireType.LengthDelimited : WireType.Varint;
}
