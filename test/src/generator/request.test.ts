import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  type UnknownField,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  Edition,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileOptions,
  FileOptionsSchema,
  file_google_protobuf_empty,
  type MethodOptions,
  MethodOptionsSchema,
  type ServiceOptions,
  ServiceOptionsSchema,
  VersionSchema,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { generate } from "../../../plugin/dist/generate.js";
import { startPlugin } from "./plugin-in-process.js";
import { baseFiles, describeSchema } from "./random-schema.js";
import { runPlugin } from "./run-plugin.js";

type FileInit = MessageInitShape<typeof FileDescriptorProtoSchema>;

const method = { name: "M", inputType: ".google.protobuf.Empty", outputType: ".google.protobuf.Empty" };

/** A file with a service S and a method M, with what else is given. */
function file(more: FileInit = {}): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name: "a.proto",
    dependency: ["google/protobuf/empty.proto"],
    service: [{ name: "S", method: [method] }],
    ...more,
  });
}

function requestOf(protoFile: FileDescriptorProto): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    parameter: "target=ts",
    fileToGenerate: [protoFile.name],
    protoFile: [file_google_protobuf_empty.proto, ...baseFiles.map(({ proto }) => proto), protoFile],
  });
}

function tableOf(protoFile: FileDescriptorProto): string {
  const { files, error } = runPlugin(requestOf(protoFile));
  expect(error).toBe("");
  return files.get("a_auth.ts") ?? "";
}

/** A message with fields that the schema does not know; the value of each reads as `{public: true}` of a method. */
function extended<Desc extends DescMessage>(schema: Desc, ...numbers: number[]): MessageShape<Desc> {
  const message = create(schema);
  message.$unknown = numbers.map(unknown);
  return message;
}

function unknown(no: number): UnknownField {
  return { no, wireType: WireType.LengthDelimited, data: Uint8Array.of(2, 0x08, 0x01) };
}

describe("what a compiler may send as well", () => {
  test("options with source retention are in the source file only, and count", () => {
    const source = describeSchema({ services: [{ said: undefined, methods: [{ policy: "deny" }] }] });
    const stripped = describeSchema({ services: [{ said: undefined, methods: [undefined] }] });
    const send = (sourceFileDescriptors: FileDescriptorProto[]) =>
      runPlugin({ ...requestOf(stripped), sourceFileDescriptors });
    expect(send([source]).files.get("random_auth.ts")).toContain('M0: { access: "deny" }');
    expect(send([]).files.get("random_auth.ts")).toContain('M0: { access: "unspecified" }');
  });

  test("its version", () => {
    const compilerVersion = create(VersionSchema, { major: 30, minor: 2, suffix: "rc" });
    expect(runPlugin({ ...requestOf(file()), compilerVersion }).files.size).toBe(1);
  });

  test.each<{ name: string; at: (protoFile: FileDescriptorProto) => Message | undefined }>([
    { name: "a file", at: (protoFile) => protoFile },
    { name: "a service", at: ({ service }) => service[0] },
    { name: "a method", at: ({ service }) => service[0]?.method[0] },
  ])("a field of a later version in $name is skipped", ({ at }) => {
    const protoFile = file();
    const message = at(protoFile);
    if (message === undefined) throw new Error("nothing to extend");
    message.$unknown = [unknown(900)];
    expect(tableOf(protoFile)).toBe(tableOf(file()));
  });
});

describe("options that are nobody's access rule", () => {
  const inFile = (options: FileOptions) => file({ options });
  const inService = (options: ServiceOptions) => file({ service: [{ name: "S", method: [method], options }] });
  const inMethod = (options: MethodOptions) => file({ service: [{ name: "S", method: [{ ...method, options }] }] });

  test.each([
    { name: "options of a language", file: inFile(create(FileOptionsSchema, { javaPackage: "a" })) },
    { name: "our numbers in a file", file: inFile(extended(FileOptionsSchema, 50100, 50101)) },
    { name: "other extensions of a service", file: inService(extended(ServiceOptionsSchema, 50100, 50102)) },
    { name: "other extensions of a method", file: inMethod(extended(MethodOptionsSchema, 50101, 72295728)) },
    { name: "no side effects", file: inMethod(create(MethodOptionsSchema, { idempotencyLevel: 1 })) },
    { name: "not being deprecated", file: inMethod(create(MethodOptionsSchema, { deprecated: false })) },
  ])("$name", (row) => expect(tableOf(row.file)).toBe(tableOf(file())));

  test("the same bytes under our numbers are", () => {
    expect(tableOf(inMethod(extended(MethodOptionsSchema, 50100)))).toContain('M: { access: "public" }');
    const { error } = runPlugin(requestOf(inService(extended(ServiceOptionsSchema, 50101))));
    expect(error).toContain(
      "service_auth sets field 1, but not with the type of field connectum.auth.v1.ServiceAuth.default_policy",
    );
  });
});

describe("what is deprecated", () => {
  const options = { deprecated: true };
  test.each<{ name: string; file: FileInit; want: string[] }>([
    { name: "nothing", file: {}, want: [] },
    { name: "a file", file: { options }, want: ["service S"] },
    { name: "a service", file: { service: [{ name: "S", method: [method], options }] }, want: ["service S"] },
    { name: "a method", file: { service: [{ name: "S", method: [{ ...method, options }] }] }, want: ["rpc S.M"] },
  ])("$name is said to be", (row) => {
    const found = tableOf(file(row.file)).matchAll(/@generated from ([^\n]*)\n *\* @deprecated/g);
    expect([...found].map(([, element]) => element)).toEqual(row.want);
  });
});

describe("the head says where the file is from", () => {
  test.each<{ file: FileInit; want: string }>([
    { file: {}, want: "a.proto (syntax proto2)" },
    { file: { syntax: "proto3" }, want: "a.proto (syntax proto3)" },
    { file: { syntax: "proto3", package: "a.v" }, want: "a.proto (package a.v, syntax proto3)" },
    { file: { syntax: "proto3", package: "Acme_1.shop.v1" }, want: "a.proto (package Acme_1.shop.v1, syntax proto3)" },
    { file: { syntax: "editions", edition: Edition.EDITION_2023 }, want: "a.proto (edition 2023)" },
    { file: { syntax: "editions", edition: Edition.EDITION_2024 }, want: "a.proto (edition 2024)" },
    { file: { syntax: "editions", edition: Edition.EDITION_UNSTABLE }, want: "a.proto (edition unstable)" },
  ])("$want", (row) => expect(tableOf(file(row.file))).toContain(`// @generated from file ${row.want}\n`));
});

describe("a request that cannot be served fails, and writes nothing", () => {
  const binary = (init: MessageInitShape<typeof CodeGeneratorRequestSchema>) =>
    toBinary(CodeGeneratorRequestSchema, create(CodeGeneratorRequestSchema, init));
  test.each([
    { name: "no file to generate", input: binary({ protoFile: [file()] }), want: "file_to_generate is empty" },
    {
      name: "a file that is not there",
      input: binary({ fileToGenerate: ["b.proto"], protoFile: [file()] }),
      want: 'file_to_generate lists "b.proto", but proto_file lacks it',
    },
    ...["1a", "a.1b", ".a", "a.", "a..b", "a b"].map((name) => ({
      name: `the package ${name}`,
      input: binary(requestOf(file({ package: name }))),
      want: `"a.proto" contains the invalid name "${name.split(".").find((part) => !/^[a-z]\w*$/.test(part))}"`,
    })),
    ...["1S", "S ", " S", "S.T", ""].map((name) => ({
      name: `the service "${name}"`,
      input: binary(requestOf(file({ service: [{ name }] }))),
      want: `"a.proto" contains the invalid name "${name}"`,
    })),
  ])("$name", ({ input, want }) => {
    const { status, stdout, stderr } = startPlugin(input);
    expect({ status, stdout: stdout.length }).toEqual({ status: 1, stdout: 0 });
    expect(stderr).toContain(want);
  });
});

test("a response says what the plugin supports, with files and with an error", () => {
  for (const parameter of ["target=ts", "target=vb"]) {
    const input = toBinary(CodeGeneratorRequestSchema, { ...requestOf(file()), parameter });
    const { supportedFeatures, minimumEdition, maximumEdition } = fromBinary(
      CodeGeneratorResponseSchema,
      startPlugin(input).stdout,
    );
    expect({ supportedFeatures, minimumEdition }).toEqual({ supportedFeatures: 3n, minimumEdition: 998 });
    expect(maximumEdition).toBeGreaterThanOrEqual(Edition.EDITION_2024);
  }
});

test("a mistake of the plugin is not told as a problem of the schema", () => {
  const request = requestOf(file());
  const mistake = new TypeError("a mistake");
  Object.defineProperty(request, "parameter", {
    get() {
      throw mistake;
    },
  });
  expect(() => generate(request)).toThrow(mistake);
});

describe("a schema of a later compiler fails with a message of the compiler's form, and writes nothing", () => {
  test.each<{ name: string; file: FileInit; want: string }>([
    {
      name: "an edition that is not known yet",
      file: { syntax: "editions", edition: Edition.EDITION_99997_TEST_ONLY },
      want: "a.proto: unsupported edition 99997_TEST_ONLY",
    },
    {
      name: "an edition that was never one",
      file: { syntax: "editions", edition: Edition.EDITION_1_TEST_ONLY },
      want: "a.proto: unsupported edition 1_TEST_ONLY",
    },
    { name: "a syntax that is no word", file: { syntax: "proto3)\n" }, want: "a.proto: unsupported edition UNKNOWN" },
    { name: "an import that is not there", file: { dependency: ["b.proto"] }, want: "Cannot find b.proto" },
  ])("$name", (row) => {
    const { error, files } = runPlugin(requestOf(file(row.file)));
    expect(error).toContain(row.want);
    expect(files.size).toBe(0);
  });
});

test("an option that is a number, not a message, is refused", () => {
  const options = create(MethodOptionsSchema);
  options.$unknown = [{ no: 50100, wireType: WireType.Varint, data: Uint8Array.of(1) }];
  const { error, files } = runPlugin(requestOf(file({ service: [{ name: "S", method: [{ ...method, options }] }] })));
  expect(files.size).toBe(0);
  expect(error).toBe(
    "a.proto: S.M: method_auth cannot be decoded as connectum.auth.v1.MethodAuth, so its rule is unknown. " +
      "Import the connectum/auth/v1/options.proto that comes with the plugin.",
  );
});
