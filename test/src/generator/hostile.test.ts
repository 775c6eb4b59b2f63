import { create, ScalarType, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import {
  AuthRequirementsSchema,
  MethodAuthSchema,
  ServiceAuthSchema,
} from "../../../plugin/dist/gen/connectum/auth/v1/options_pb.js";
import { startPlugin } from "./plugin-in-process.js";
import { readResponse } from "./run-plugin.js";

/** Requests that no compiler sends, but whoever can start the plugin can. */
function request(parts: {
  pkg?: string;
  service?: string;
  method?: string;
  file?: string;
  comment?: string;
}): Uint8Array {
  const { pkg = "p", service = "S", method = "M", file = "a.proto", comment = "" } = parts;
  return toBinary(
    CodeGeneratorRequestSchema,
    create(CodeGeneratorRequestSchema, {
      parameter: "target=ts",
      fileToGenerate: [file],
      protoFile: [
        {
          name: file,
          package: pkg,
          messageType: [{ name: "E" }],
          service: [{ name: service, method: [{ name: method, inputType: `.${pkg}.E`, outputType: `.${pkg}.E` }] }],
          sourceCodeInfo: { location: [{ path: [6, 0], span: [0, 0, 1], leadingComments: comment }] },
        },
      ],
    }),
  );
}

describe("names that would become code are refused", () => {
  test.each([
    { service: 'S = 0; globalThis["x"] = 1; //' },
    { method: 'M: {}, ["x"]: alert() //' },
    { method: "" },
    { service: "a.b" },
    { pkg: "a\nb" },
    { pkg: "*/" },
    { pkg: "a..b" },
  ])("%j", (parts) => {
    const { status, stdout, stderr } = startPlugin(request(parts));
    expect({ status, stdout: stdout.length }).toEqual({ status: 1, stdout: 0 });
    expect(stderr).toContain("contains the invalid name");
  });

  test("file names and comments cannot end a comment", () => {
    const parts = { file: "a\n;alert(1)//\u2028.proto", comment: " */ alert(2) /*\u2028 x\r\n @deprecated" };
    const { files } = readResponse(startPlugin(request(parts)).stdout);
    const [content = ""] = files.values();
    const code = content.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*/g, "");
    expect(code).not.toContain("alert");
  });
});

describe("options as other compilers might write them", () => {
  /** A request whose method carries the given values of our option, written by hand. */
  function withOption(...occurrences: Uint8Array[]): Uint8Array {
    const options = new BinaryWriter();
    for (const bytes of occurrences) options.tag(50100, WireType.LengthDelimited).bytes(bytes);
    return withOptions(options);
  }
  function withOptions(options: BinaryWriter): Uint8Array {
    const nested = (field: number, bytes: Uint8Array) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(bytes).finish();
    const text = (field: number, value: string) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish();
    const method = Buffer.concat([text(1, "M"), text(2, ".E"), text(3, ".E"), nested(4, options.finish())]);
    const service = Buffer.concat([text(1, "S"), nested(2, method)]);
    const file = Buffer.concat([text(1, "a.proto"), nested(4, text(1, "E")), nested(6, service)]);
    return Buffer.concat([text(1, "a.proto"), text(2, "target=ts"), nested(15, file)]);
  }
  const auth = (...init: Parameters<typeof create<typeof MethodAuthSchema>>[1][]) =>
    init.map((value) => toBinary(MethodAuthSchema, create(MethodAuthSchema, value)));

  test.each([
    {
      name: "an option in several pieces is one option",
      pieces: auth({ requires: { roles: ["a"] } }, { requires: { roles: ["b"], scopes: ["s"] } }),
      want: 'M: { access: "requires", roles: ["a", "b"], scopes: ["s"] }',
    },
    {
      name: "the last of two values counts",
      pieces: auth({ public: true }, { public: false }, { policy: "deny" }, { policy: "allow" }),
      want: 'M: { access: "allow" }',
    },
    {
      name: "a boolean is whatever is not zero",
      pieces: [Uint8Array.of(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)],
      want: 'M: { access: "public" }',
    },
    { name: "a padded zero is false", pieces: [Uint8Array.of(0x08, 0x80, 0x00)], want: 'M: { access: "unspecified" }' },
  ])("$name", ({ pieces, want }) => {
    const { files, error } = readResponse(startPlugin(withOption(...pieces)).stdout);
    expect(error).toBe("");
    expect(files.get("a_auth.ts")).toContain(want);
  });

  test.each([
    { name: "a public that is text", bytes: Uint8Array.of(0x0a, 0x01, 0x01), field: "1", is: "MethodAuth.public" },
    { name: "a requires that is a number", bytes: Uint8Array.of(0x10, 0x00), field: "2", is: "MethodAuth.requires" },
    {
      name: "a role that is a number",
      bytes: Uint8Array.of(0x12, 0x02, 0x08, 0x00),
      field: "2.1",
      is: "AuthRequirements.roles",
    },
    {
      name: "a scope that is a number",
      bytes: Uint8Array.of(0x12, 0x02, 0x10, 0x00),
      field: "2.2",
      is: "AuthRequirements.scopes",
    },
    { name: "a policy that is a number", bytes: Uint8Array.of(0x18, 0x00), field: "3", is: "MethodAuth.policy" },
    { name: "an internal that is text", bytes: Uint8Array.of(0x22, 0x01, 0x01), field: "4", is: "MethodAuth.internal" },
    {
      name: "a public of 64 bits",
      bytes: Uint8Array.of(0x09, 1, 0, 0, 0, 0, 0, 0, 0),
      field: "1",
      is: "MethodAuth.public",
    },
    { name: "a requires that is a group", bytes: Uint8Array.of(0x13, 0x14), field: "2", is: "MethodAuth.requires" },
  ])("$name has another type, and is refused", ({ bytes, field, is }) => {
    const { files, error } = readResponse(startPlugin(withOption(bytes)).stdout);
    expect(files.size).toBe(0);
    expect(error).toBe(
      `a.proto: S.M: method_auth sets field ${field}, but not with the type of field connectum.auth.v1.${is}. ` +
        "Decoding it could open access. Import the connectum/auth/v1/options.proto that comes with the plugin.",
    );
  });

  test("all fields that cannot be read are reported, beside other problems", () => {
    const bytes = Buffer.concat([
      Uint8Array.of(0x0a, 0x01, 0x01, 0x12, 0x04, 0x08, 0x00, 0x38, 0x01, 0x48, 0x01),
      ...auth({ policy: "Deny" }),
    ]);
    const { error } = readResponse(startPlugin(withOption(bytes)).stdout);
    expect(error.match(/sets field [\d.]+/g)).toEqual([
      "sets field 1",
      "sets field 2.1",
      "sets field 2.7",
      "sets field 9",
    ]);
  });

  test.each([
    { name: "a zero", wireType: WireType.Varint, value: Uint8Array.of(0) },
    { name: "a number", wireType: WireType.Varint, value: Uint8Array.of(1) },
    {
      name: "64 bits that look like a public one",
      wireType: WireType.Bit64,
      value: Uint8Array.of(2, 0x08, 0x01, 0, 0, 0, 0, 0),
    },
    { name: "32 bits that look like a public one", wireType: WireType.Bit32, value: Uint8Array.of(2, 0x08, 0x01, 0) },
    { name: "an empty group", wireType: WireType.StartGroup, value: new BinaryWriter().tag(50100, 4).finish() },
  ])("an option that is $name is refused, alone or beside a message", ({ wireType, value }) => {
    const message = toBinary(MethodAuthSchema, create(MethodAuthSchema, { requires: { roles: ["admin"] } }));
    const alone = new BinaryWriter().tag(50100, wireType).raw(value);
    const beside = new BinaryWriter().tag(50100, WireType.LengthDelimited).bytes(message).raw(alone.finish());
    for (const options of [new BinaryWriter().tag(50100, wireType).raw(value), beside]) {
      const { files, error } = readResponse(startPlugin(withOptions(options)).stdout);
      expect(files.size).toBe(0);
      expect(error).toMatch("a.proto: S.M: method_auth cannot be decoded as connectum.auth.v1.MethodAuth");
    }
  });

  test("what can be read beside an unknown field is checked as well", () => {
    const bytes = Buffer.concat([Uint8Array.of(0x48, 0x01), ...auth({ policy: "Deny" })]);
    const { error } = readResponse(startPlugin(withOption(bytes)).stdout);
    expect(error.split("\n")).toEqual([
      expect.stringContaining("method_auth sets field 9, which this version of the plugin does not know."),
      expect.stringContaining('unknown policy "Deny"'),
    ]);
  });

  test.each([
    { name: "cut off", bytes: Uint8Array.of(0x12, 0x05, 0x0a) },
    { name: "with broken UTF-8", bytes: Uint8Array.of(0x1a, 0x02, 0xc3, 0x28) },
    { name: "with field number 0", bytes: Uint8Array.of(0x00, 0x01) },
    { name: "whose requires runs past its end", bytes: Uint8Array.of(0x12, 0x02, 0x0a, 0x02, 0x61, 0x61) },
    { name: "with a role in broken UTF-8", bytes: Uint8Array.of(0x12, 0x04, 0x0a, 0x02, 0xc3, 0x28) },
    { name: "with a number that does not end", bytes: Uint8Array.of(0x08, ...new Array(11).fill(0xff), 0x01) },
  ])("an option $name is refused", ({ bytes }) => {
    const { files, error } = readResponse(startPlugin(withOption(bytes)).stdout);
    expect(files.size).toBe(0);
    expect(error).toMatch("a.proto: S.M: method_auth cannot be decoded as connectum.auth.v1.MethodAuth");
  });
});

test("options consist of messages, texts, booleans and numbers, whose wire types the plugin compares", () => {
  for (const { fields } of [MethodAuthSchema, ServiceAuthSchema, AuthRequirementsSchema]) {
    for (const { name, message, scalar } of fields) {
      const scalars = [ScalarType.STRING, ScalarType.BOOL, ScalarType.UINT32];
      const isKnown = message !== undefined || scalars.some((known) => known === scalar);
      expect({ name, isKnown }).toEqual({ name, isKnown: true });
    }
  }
});
