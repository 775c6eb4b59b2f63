import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { startPlugin } from "./plugin-process.js";

// Found by fuzzing: source positions are read late, after the rest of the request was found readable.
test("source positions that cannot be read end the run with a message, not with a stack trace", () => {
  const file = create(FileDescriptorProtoSchema, {
    name: "a.proto",
    messageType: [{ name: "E" }],
    service: [{ name: "S", method: [{ name: "M", inputType: ".E", outputType: ".E" }] }],
  });
  const request = toBinary(
    CodeGeneratorRequestSchema,
    create(CodeGeneratorRequestSchema, { fileToGenerate: ["a.proto"], protoFile: [file] }),
  );
  const broken = Buffer.concat([toBinary(FileDescriptorProtoSchema, file), Buffer.from([0x4a, 0x02, 0x00, 0x01])]);
  const withBroken = Buffer.concat([
    toBinary(CodeGeneratorRequestSchema, create(CodeGeneratorRequestSchema, { fileToGenerate: ["a.proto"] })),
    Buffer.from([0x7a, broken.length]),
    broken,
  ]);
  expect(() => fromBinary(CodeGeneratorRequestSchema, withBroken)).toThrow();
  const { status, stdout, stderr } = startPlugin(withBroken);
  expect({ status, stdout: stdout.length, lines: stderr.trimEnd().split("\n").length }).toEqual({
    status: 1,
    stdout: 0,
    lines: 1,
  });
  expect(stderr).toContain("not a CodeGeneratorRequest");
  expect(startPlugin(request).status).toBe(0);
});
