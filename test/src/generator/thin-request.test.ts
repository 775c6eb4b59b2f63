import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_descriptor,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { file_connectum_auth_v1_options } from "../../../plugin/dist/gen/connectum/auth/v1/options_pb.js";
import { thinRequest } from "../../../plugin/dist/request/thin-request.js";

function thin(request: CodeGeneratorRequest): CodeGeneratorRequest {
  return fromBinary(CodeGeneratorRequestSchema, thinRequest(toBinary(CodeGeneratorRequestSchema, request)));
}

const location = (...path: number[]) => ({ path, span: [path.length, 1, 2], leadingComments: ` ${path}.\n` });
const message = {
  name: "M",
  field: [{ name: "f", number: 1 }],
  oneofDecl: [{ name: "o" }],
  nestedType: [{ name: "N", field: [{ name: "g", number: 2 }], enumType: [{ name: "E" }] }],
  extension: [{ name: "x", number: 3, extendee: ".M" }],
  extensionRange: [{ start: 3, end: 4 }],
  options: { deprecated: true },
};
const read = [
  [],
  [2],
  [3, 0],
  [6],
  [6, 0],
  [6, 0, 3],
  [6, 0, 3, 50101],
  [6, 0, 3, 50101, 1],
  [6, 0, 2, 1],
  [6, 0, 2, 1, 4],
  [6, 0, 2, 1, 4, 50100, 2, 1, 0],
  [7, 0],
  [7, 0, 2],
  [4, 0, 6, 0],
  [4, 0, 3, 1, 6, 2],
  [12],
];
const unread = [
  [4, 0],
  [4, 0, 1],
  [4, 0, 2, 0],
  [4, 0, 2, 0, 1],
  [5, 0],
  [5, 0, 2, 0, 1],
  [6, 0, 1],
  [6, 0, 2, 1, 1],
  [6, 0, 2, 1, 2],
];
const file = create(FileDescriptorProtoSchema, {
  name: "a.proto",
  package: "a",
  dependency: ["b.proto"],
  messageType: [message],
  enumType: [{ name: "E", value: [{ name: "V" }] }],
  service: [{ name: "S", method: [{ name: "A", inputType: ".M", outputType: ".M" }, { name: "B" }] }],
  extension: [{ name: "y", extendee: ".M", number: 4 }],
  sourceCodeInfo: { location: [...unread, ...read, ...unread].map((path) => location(...path)) },
});
const request = (init: MessageInitShape<typeof CodeGeneratorRequestSchema>) =>
  create(CodeGeneratorRequestSchema, { fileToGenerate: ["a.proto"], parameter: "target=ts", ...init });

describe("a request is cut down before it is decoded", () => {
  test("to the positions that are read", () => {
    const [thinned] = thin(request({ protoFile: [file] })).protoFile;
    expect(thinned?.sourceCodeInfo?.location.map(({ path }) => path)).toEqual(read);
    expect(thinned?.sourceCodeInfo?.location).toEqual(
      file.sourceCodeInfo?.location.slice(unread.length, unread.length + read.length),
    );
    expect({ ...thinned, sourceCodeInfo: undefined }).toEqual({ ...file, sourceCodeInfo: undefined });
  });

  test("and imported files to the names of their messages", () => {
    const imported = create(FileDescriptorProtoSchema, { ...file, name: "b.proto", dependency: [] });
    const [thinned] = thin(request({ protoFile: [imported, file] })).protoFile;
    const { messageType, sourceCodeInfo, ...rest } = imported;
    expect(thinned).toMatchObject(rest);
    expect(thinned?.messageType).toEqual([
      create(FileDescriptorProtoSchema, {
        messageType: [{ ...message, field: [], oneofDecl: [], nestedType: [{ name: "N", enumType: [{ name: "E" }] }] }],
      }).messageType[0],
    ]);
    expect(thinned?.sourceCodeInfo?.location.map(({ path }) => path)).toEqual(read);
  });

  test("but not the options proto, which must be whole", () => {
    const { proto } = file_connectum_auth_v1_options;
    const protoFile = [file_google_protobuf_descriptor.proto, proto, file];
    const [descriptor, options] = thin(request({ protoFile })).protoFile;
    expect(options).toEqual(proto);
    expect(descriptor?.messageType.length).toBe(file_google_protobuf_descriptor.messages.length);
    expect(descriptor?.messageType.every(({ field }) => field.length === 0)).toBe(true);
  });

  test("and each file to one copy: that with source retention", () => {
    const source = create(FileDescriptorProtoSchema, { ...file, syntax: "proto3" });
    const other = create(FileDescriptorProtoSchema, { name: "b.proto", syntax: "proto3" });
    const thinned = thin(request({ protoFile: [other, file], sourceFileDescriptors: [source] }));
    expect(thinned.protoFile.map(({ name, syntax }) => [name, syntax])).toEqual([
      ["b.proto", "proto3"],
      ["a.proto", "proto3"],
    ]);
    expect(thinned.sourceFileDescriptors).toEqual([]);
  });

  test("keeps everything else", () => {
    const { fileToGenerate, parameter, compilerVersion } = thin(
      request({
        protoFile: [file],
        compilerVersion: { $typeName: "google.protobuf.compiler.Version", major: 30, minor: 2, patch: 0, suffix: "rc" },
      }),
    );
    expect({ fileToGenerate, parameter, major: compilerVersion?.major }).toEqual({
      fileToGenerate: ["a.proto"],
      parameter: "target=ts",
      major: 30,
    });
  });
});

describe("bytes that no compiler writes are kept for the decoder", () => {
  const text = (field: number, value: string) =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish();
  const bytes = (field: number, ...values: Uint8Array[]) =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(Buffer.concat(values)).finish();
  const number = (field: number, value: number) =>
    new BinaryWriter().tag(field, WireType.Varint).uint32(value).finish();

  test("a path that is not packed, one behind the span, and fields of a later version", () => {
    const locations = [
      [number(1, 4), number(1, 0)],
      // As a path, this span would be of an enum.
      [bytes(2, Uint8Array.of(5, 0, 1)), bytes(1, Uint8Array.of(4, 0))],
    ];
    const input = Buffer.concat([
      text(1, "a.proto"),
      number(99, 1),
      bytes(
        15,
        text(1, "a.proto"),
        number(98, 5),
        bytes(9, ...locations.map((parts) => bytes(1, ...parts)), number(97, 1)),
      ),
    ]);
    const [decoded] = fromBinary(CodeGeneratorRequestSchema, thinRequest(input)).protoFile;
    expect(decoded?.sourceCodeInfo?.location.map(({ path }) => path)).toEqual([
      [4, 0],
      [4, 0],
    ]);
    expect(decoded?.$unknown?.map(({ no }) => no)).toEqual([98]);
    expect(decoded?.sourceCodeInfo?.$unknown?.map(({ no }) => no)).toEqual([97]);
  });

  test("a file without a name, or with a package before it", () => {
    const input = Buffer.concat([
      text(1, "a.proto"),
      bytes(15, bytes(4, text(1, "M"))),
      bytes(15, text(2, "p"), text(1, "a.proto")),
    ]);
    const files = fromBinary(CodeGeneratorRequestSchema, thinRequest(input)).protoFile;
    expect(files.map(({ name, package: pkg }) => [name, pkg])).toEqual([
      ["", ""],
      ["a.proto", "p"],
    ]);
  });

  test.each([
    ["cut off", Uint8Array.of(0x0a, 0x05, 0x61)],
    ["a file that is cut off", Uint8Array.of(0x7a, 0x02, 0x0a, 0x05)],
    ["positions that are cut off", Uint8Array.of(0x7a, 0x03, 0x4a, 0x05, 0x0a)],
  ])("%s: an error", (_, input) => expect(() => thinRequest(input)).toThrow());
});
