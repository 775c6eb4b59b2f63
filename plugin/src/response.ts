import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A file to write, relative to the output folder. */
export interface GeneratedFile {
  readonly name: string;
  readonly content: string;
}

/** FEATURE_PROTO3_OPTIONAL and FEATURE_SUPPORTS_EDITIONS. */
const supportedFeatures = 3;
/** EDITION_PROTO2 and EDITION_2024. */
const [minimumEdition, maximumEdition] = [998, 1001];

/** Serializes a CodeGeneratorResponse with files. */
export function filesResponse(files: readonly GeneratedFile[]): Uint8Array {
  const writer = capabilities();
  for (const { name, content } of files) {
    writer.tag(15, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(name);
    writer.tag(15, WireType.LengthDelimited).string(content);
    writer.join();
  }
  return writer.finish();
}

/** Serializes a CodeGeneratorResponse that makes the compiler print the text, write nothing, and fail. */
export function errorResponse(text: string): Uint8Array {
  return capabilities().tag(1, WireType.LengthDelimited).string(text).finish();
}

function capabilities(): BinaryWriter {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.Varint).uint32(supportedFeatures);
  writer.tag(3, WireType.Varint).int32(minimumEdition);
  writer.tag(4, WireType.Varint).int32(maximumEdition);
  return writer;
}
