import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { generate } from "../../../plugin/dist/generate.js";
import { readRequest } from "../../../plugin/dist/request/read-request.js";
import { compile, requestFor } from "../generator/schema.js";
import { type FuzzTarget, fuzzTarget } from "./target.js";

const labProto = fileURLToPath(new URL("../../proto/lab/v1/lab.proto", import.meta.url));

let seedRequest: Buffer | undefined;
/** A request as a compiler sends it. */
function realRequest(): Buffer {
  if (seedRequest === undefined) {
    const schema = compile({ "lab/v1/lab.proto": readFileSync(labProto, "utf8") });
    const request = requestFor(schema, ["lab/v1/lab.proto"], "target=ts");
    request.protoFile = request.protoFile.filter(({ name }) => !name.startsWith("google/"));
    seedRequest = Buffer.from(toBinary(CodeGeneratorRequestSchema, request));
  }
  return seedRequest;
}

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}
const edits = fc.array(fc.record({ at: fc.nat(), remove: fc.nat(8), insert: fc.uint8Array({ maxLength: 8 }) }), {
  minLength: 1,
  maxLength: 6,
});
/** Cuts pieces out of a real request and puts others in: mostly still readable, hardly ever right. */
function edit(bytes: Buffer, list: readonly Edit[]): Buffer {
  return list.reduce((current, { at, remove, insert }) => {
    const place = at % (current.length + 1);
    return Buffer.concat([current.subarray(0, place), insert, current.subarray(place + remove)]);
  }, bytes);
}
/** Overwrites bytes in place, so that lengths still fit. */
const overwrites = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 10 });

const inputs = fc.oneof(
  { weight: 2, arbitrary: edits.map((list) => ({ how: "edited", bytes: () => edit(realRequest(), list) })) },
  {
    weight: 4,
    arbitrary: overwrites.map((list) => ({
      how: "overwritten",
      bytes: () => {
        const bytes = Buffer.from(realRequest());
        for (const [at, value] of list) bytes[at % bytes.length] = value;
        return bytes;
      },
    })),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((array) => ({ how: "bytes", bytes: () => Buffer.from(array) })),
  },
);

export const generatorRequests: FuzzTarget = fuzzTarget("CodeGeneratorRequests", inputs, ({ bytes }) => {
  let response: Uint8Array;
  try {
    response = generate(readRequest(bytes())).response;
  } catch (error) {
    // What cannot be read: the plugin says so, and ends with status 1. Anything else is a mistake of the plugin.
    if (error instanceof Error && (error.constructor === Error || error instanceof RangeError)) return;
    throw error;
  }
  const { file, error } = fromBinary(CodeGeneratorResponseSchema, response);
  if (error !== "" && file.length > 0) throw new Error("files and an error");
});
