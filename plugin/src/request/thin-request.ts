import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * The cuts of a message, by field number. `drop` removes all values. A function returns true for the values to keep.
 * Nested cuts apply inside each value.
 */
type Cuts = { [field: number]: "drop" | ((value: Uint8Array) => boolean) | Cuts };

/** The tags of `condition` and `resource`. */
const tags = [100, 102].map((field) => Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).finish()));

// Field numbers of FileDescriptorProto, DescriptorProto and SourceCodeInfo.
const generated: Cuts = { 9: { 1: isNeeded } };
const message: Cuts = { 2: "drop", 8: "drop" }; // fields, oneofs
message[3] = message; // nested messages
const imported: Cuts = { ...generated, 4: message };

/** The fields that lead from a file to a condition or a resource: they read the fields of messages. */
const conditions: readonly (readonly (number | readonly number[])[])[] = [
  [6, 2, 4, 50100, [100, 102]],
  [6, 3, 50101, [100, 102]],
];

/**
 * Removes the parts of a serialized CodeGeneratorRequest that the generator ignores. Returns a serialized request.
 *
 * Removes positions inside messages, bodies of imported messages if no rule has a condition or a resource, and the second copy of each file to generate. They
 * are most of a large request: decoding them takes twice the time and memory of the rest.
 *
 * Throws an `Error` for bytes that are no protobuf message.
 *
 * @example
 * const bytes = toBinary(CodeGeneratorRequestSchema, request);
 * const { protoFile, sourceFileDescriptors } = fromBinary(CodeGeneratorRequestSchema, thinRequest(bytes));
 * protoFile.length === request.protoFile.length; // true: every file remains
 * sourceFileDescriptors; // []: they replaced their copies in protoFile
 */
export function thinRequest(request: Uint8Array): Uint8Array {
  const toGenerate = new Set<string>();
  const sources = new Map<string, Uint8Array>();
  for (const [field, value] of fieldsOf(request)) {
    if (field === 1) toGenerate.add(Buffer.from(value).toString());
    // Only field 17 has the options with source retention, so its files replace those of field 15.
    if (field === 17) sources.set(headOf(value).name, value);
  }
  const files = sources.size > 0 ? [...sources.values()] : filesOf(request, toGenerate);
  const readsMessages = files.some((file) => mayHaveCondition(file) && conditions.some((path) => hasField(file, path)));
  const writer = new BinaryWriter();
  for (const [field, value] of fieldsOf(request)) {
    if (field === 17) continue;
    writer.tag(field, WireType.LengthDelimited);
    if (field === 15) {
      const { name, pkg } = headOf(value);
      const isWhole = readsMessages || toGenerate.has(name) || pkg === "connectum.auth.v1";
      copy(sources.get(name) ?? value, isWhole ? generated : imported, writer.fork());
      writer.join();
    } else writer.bytes(value);
  }
  return writer.finish();
}

/** Returns true if the generator uses the comment or the position of a location. */
function isNeeded(location: Uint8Array): boolean {
  const reader = new BinaryReader(location);
  const [field, wireType] = reader.tag();
  // Compilers write the packed path first. Keep any other location.
  if (field !== 1 || wireType !== WireType.LengthDelimited) return true;
  const path: number[] = [];
  for (const end = reader.uint32() + reader.pos; reader.pos < end; ) path.push(reader.uint32());
  if (path[0] === 4) return path.at(-2) === 6; // an extension inside a message
  if (path[0] === 6) return path.length < 3 || path.length === 4 || path[2] === 3 || path[4] === 4; // neither names nor types
  return path[0] !== 5;
}

/** Copies a message to the writer, without its cuts. */
function copy(bytes: Uint8Array, cuts: Cuts, writer: BinaryWriter): void {
  const reader = new BinaryReader(bytes);
  let copied = 0;
  for (let start = 0; start < reader.len; start = reader.pos) {
    const [field, wireType] = reader.tag();
    const cut = wireType === WireType.LengthDelimited ? cuts[field] : undefined;
    const value = cut === undefined ? reader.skip(wireType, field) : reader.bytes();
    if (cut === undefined || (typeof cut === "function" && cut(value))) continue;
    writer.raw(bytes.subarray(copied, start));
    copied = reader.pos;
    if (typeof cut !== "object") continue;
    copy(value, cut, writer.tag(field, wireType).fork());
    writer.join();
  }
  writer.raw(bytes.subarray(copied));
}

/** Returns false for a file without the bytes of a tag of 100 or 102. Searching bytes is much faster than reading fields. */
function mayHaveCondition(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  return tags.some((tag) => bytes.includes(tag));
}

/** Returns the files to generate. */
function filesOf(request: Uint8Array, toGenerate: ReadonlySet<string>): Uint8Array[] {
  const files = [...fieldsOf(request)].flatMap(([field, value]) => (field === 15 ? [value] : []));
  return files.filter((file) => toGenerate.has(headOf(file).name));
}

/** Returns true if a path of field numbers leads to a value. The last field may have several numbers. */
function hasField(bytes: Uint8Array, [step, ...rest]: readonly (number | readonly number[])[]): boolean {
  try {
    for (const [field, value] of fieldsOf(bytes)) {
      if ([step].flat().includes(field) && (rest.length === 0 || hasField(value, rest))) return true;
    }
  } catch {
    // A malformed option is reported after decoding.
  }
  return false;
}

/** Reads the name and the package of a serialized file. */
function headOf(file: Uint8Array): { name: string; pkg: string } {
  const head = { name: "", pkg: "" };
  for (const [field, value] of fieldsOf(file)) {
    if (field > 2) break;
    head[field === 1 ? "name" : "pkg"] = Buffer.from(value).toString();
  }
  return head;
}

/** Yields the length-delimited fields of a message. */
function* fieldsOf(bytes: Uint8Array): Generator<[field: number, value: Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) yield [field, reader.bytes()];
    else reader.skip(wireType, field);
  }
}
