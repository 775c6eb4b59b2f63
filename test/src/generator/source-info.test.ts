import { create, type MessageInitShape, setExtension, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  CodeGeneratorRequestSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceOptionsSchema,
  type SourceCodeInfo_LocationSchema,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import {
  MethodAuthSchema,
  method_auth,
  ServiceAuthSchema,
  service_auth,
} from "../../../plugin/dist/gen/connectum/auth/v1/options_pb.js";
import { startPlugin } from "./plugin-in-process.js";
import { baseFiles } from "./random-schema.js";
import { readResponse, runPlugin } from "./run-plugin.js";

type Location = MessageInitShape<typeof SourceCodeInfo_LocationSchema>;

/** A service S with a method M, and a policy that is none where `wrong` says. */
function file(location: Location[], wrong?: "S" | "M"): FileDescriptorProto {
  const ofService = create(ServiceOptionsSchema);
  const ofMethod = create(MethodOptionsSchema);
  if (wrong === "S") setExtension(ofService, service_auth, create(ServiceAuthSchema, { defaultPolicy: "x" }));
  if (wrong === "M") setExtension(ofMethod, method_auth, create(MethodAuthSchema, { policy: "x" }));
  return create(FileDescriptorProtoSchema, {
    name: "a.proto",
    messageType: [{ name: "E" }],
    service: [
      { name: "S", options: ofService, method: [{ name: "M", inputType: ".E", outputType: ".E", options: ofMethod }] },
    ],
    sourceCodeInfo: { location },
  });
}

const requestOf = (protoFile: FileDescriptorProto) =>
  create(CodeGeneratorRequestSchema, {
    parameter: "target=ts",
    fileToGenerate: ["a.proto"],
    protoFile: [...baseFiles.map(({ proto }) => proto), protoFile],
  });

describe("a proto's comments are carried over", () => {
  const service = [6, 0];
  const method = [6, 0, 2, 0];

  test.each<{ name: string; locations: Location[]; service?: string[]; method?: string[] }>([
    { name: "none", locations: [{ path: service, span: [0, 0, 1] }] },
    {
      name: "of a service",
      locations: [{ path: service, leadingComments: " One.\n Two.\n" }],
      service: ["One.", "Two."],
    },
    {
      name: "before and after",
      locations: [{ path: service, leadingComments: " One.\n", trailingComments: " Two.\n" }],
      service: ["One.", "", "Two."],
    },
    { name: "after only", locations: [{ path: service, trailingComments: " Two.\n" }], service: ["Two."] },
    { name: "of a method", locations: [{ path: method, leadingComments: " One.\n" }], method: ["One."] },
    {
      name: "the first of two",
      locations: [
        { path: service, leadingComments: " One.\n" },
        { path: service, leadingComments: " Two.\n" },
      ],
      service: ["One."],
    },
    {
      name: "the second, where the first has none",
      locations: [{ path: service }, { path: service, leadingComments: " Two.\n" }],
      service: ["Two."],
    },
    {
      name: "not the second, where the first is detached",
      locations: [
        { path: service, leadingDetachedComments: [" One.\n"] },
        { path: service, leadingComments: " Two.\n" },
      ],
    },
    {
      name: "whatever ends their lines",
      locations: [{ path: service, leadingComments: " a\r\n b\r c\u2028 d\u2029 e\n" }],
      service: ["a", "b", "c", "d", "e"],
    },
    {
      name: "without instructions to buf",
      locations: [
        { path: service, leadingComments: " buf:lint:ignore A\n One.\n buf:lint:ignore B\n" },
        { path: method, leadingComments: " buf:lint:ignore A\n" },
      ],
      service: ["One."],
    },
    {
      name: "not those of messages, fields and options",
      locations: [[4, 0], [4, 0, 2, 0], [6, 0, 3], [6, 1], [6, 0, 2, 1], [6, 0, 2, 0, 4], [6]].map((path) => ({
        path,
        leadingComments: " No.\n",
      })),
    },
  ])("$name", (row) => {
    const { files, error } = runPlugin(requestOf(file(row.locations)));
    expect(error).toBe("");
    const content = files.get("a_auth.ts") ?? "";
    expect(docAbove(content, "service S")).toEqual(["Access policy of service S.", ...paragraph(row.service)]);
    expect(docAbove(content, "rpc S.M")).toEqual(["Unspecified: the server's rules decide.", ...paragraph(row.method)]);
  });
});

const paragraph = (lines: string[] | undefined) => (lines === undefined ? [] : ["", ...lines]);

/** The lines of a documentation comment, up to where it says what it was generated from. */
function docAbove(content: string, element: string): string[] {
  const [before = ""] = content.split(` * @generated from ${element}\n`);
  const lines = before.slice(before.lastIndexOf("/**")).split("\n").slice(1, -2);
  return lines.map((line) => line.replace(/^ *\* ?/, ""));
}

describe("a problem is located by what the compiler sent", () => {
  const field = [6, 0, 2, 0, 4, 50100, 3];

  test.each<{ name: string; at?: "S" | "M"; locations: Location[]; want: string }>([
    { name: "nothing", locations: [], want: "a.proto" },
    { name: "the field", locations: [{ path: field, span: [4, 2, 9] }], want: "a.proto:5:3" },
    { name: "over several lines", locations: [{ path: field, span: [4, 2, 9, 1] }], want: "a.proto:5:3" },
    {
      name: "the first of two",
      locations: [
        { path: field, span: [4, 2, 9] },
        { path: field, span: [5, 3, 9] },
      ],
      want: "a.proto:5:3",
    },
    {
      name: "the field rather than what is around it, or in it",
      locations: [
        { path: field.slice(0, -1), span: [2, 0, 9] },
        { path: [...field, 0], span: [3, 0, 9] },
        { path: field, span: [4, 2, 9] },
      ],
      want: "a.proto:5:3",
    },
    {
      name: "the first thing in the field",
      locations: [
        { path: [...field, 0], span: [3, 0, 9] },
        { path: [...field, 1], span: [4, 0, 9] },
      ],
      want: "a.proto:4:1",
    },
    {
      name: "another field of the option",
      locations: [{ path: [...field.slice(0, -1), 1], span: [3, 0, 9] }],
      want: "a.proto:4:1",
    },
    { name: "the option", locations: [{ path: field.slice(0, 6), span: [3, 1, 9] }], want: "a.proto:4:2" },
    { name: "the method", locations: [{ path: field.slice(0, 4), span: [3, 1, 9] }], want: "a.proto:4:2" },
    { name: "the service", locations: [{ path: field.slice(0, 2), span: [3, 1, 9] }], want: "a.proto:4:2" },
    { name: "all services", locations: [{ path: field.slice(0, 1), span: [3, 1, 9] }], want: "a.proto:4:2" },
    { name: "the file", locations: [{ path: [], span: [3, 1, 9] }], want: "a.proto" },
    { name: "another method", locations: [{ path: [6, 0, 2, 1], span: [3, 1, 9] }], want: "a.proto" },
    {
      name: "not another part of the method",
      locations: [
        { path: [6, 0, 2, 0, 2], span: [3, 1, 9] },
        { path: [6, 0], span: [5, 1, 9] },
      ],
      want: "a.proto:6:2",
    },
    { name: "a span without a column", locations: [{ path: field, span: [3] }], want: "a.proto" },
    { name: "no span", locations: [{ path: field }, { path: field, span: [3, 1, 9] }], want: "a.proto:4:2" },
    {
      name: "a service's option",
      at: "S",
      locations: [
        { path: [6, 0], span: [1, 0, 9] },
        { path: [6, 0, 3, 50101, 1], span: [3, 1, 9] },
      ],
      want: "a.proto:4:2",
    },
    {
      name: "not what another method says, for a service's option",
      at: "S",
      locations: [
        { path: [6, 0, 2, 0, 4], span: [3, 1, 9] },
        { path: [6, 0], span: [5, 1, 9] },
      ],
      want: "a.proto:6:2",
    },
  ])("$name", ({ at = "M", locations, want }) => {
    const { error } = runPlugin(requestOf(file(locations, at)));
    expect(error).toMatch(/: S(\.M)?: unknown (default_)?policy "x"/);
    expect(error.slice(0, error.indexOf(": S"))).toBe(want);
  });

  test("numbers that are not packed, and what is unknown beside them, are read as well", () => {
    const numbers = (writer: BinaryWriter, no: number, values: number[]) => {
      for (const value of values) writer.tag(no, WireType.Varint).int32(value);
      return writer.tag(99, WireType.LengthDelimited).string("later");
    };
    const location = numbers(numbers(new BinaryWriter(), 1, field), 2, [4, 2, 9]).finish();
    const elsewhere = numbers(numbers(new BinaryWriter(), 1, field), 2, [7, 7, 9]).finish();
    const sourceInfo = new BinaryWriter()
      .tag(99, WireType.LengthDelimited)
      .bytes(elsewhere)
      .tag(99, WireType.Varint)
      .int32(100)
      .tag(1, WireType.LengthDelimited)
      .bytes(location)
      .finish();
    const protoFile = new BinaryWriter()
      .raw(toBinary(FileDescriptorProtoSchema, file([], "M")))
      .tag(9, WireType.LengthDelimited)
      .bytes(sourceInfo)
      .finish();
    const request = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string("a.proto")
      .tag(15, WireType.LengthDelimited)
      .bytes(protoFile)
      .finish();
    expect(readResponse(startPlugin(request).stdout).error).toMatch(/^a\.proto:5:3: S\.M: unknown policy "x"/);
  });
});
