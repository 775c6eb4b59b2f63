import { fromBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { thinRequest } from "./thin-request.js";

/** Reads a serialized CodeGeneratorRequest. Throws when the bytes are none, or one that no compiler sends. */
export function readRequest(bytes: Uint8Array): CodeGeneratorRequest {
  const request = fromBinary(CodeGeneratorRequestSchema, thinRequest(bytes));
  if (request.fileToGenerate.length === 0) throw new Error("it names no file to generate");
  const files = new Map(request.protoFile.map((file) => [file.name, file]));
  for (const name of request.fileToGenerate) {
    const file = files.get(name);
    if (file === undefined) throw new Error(`it lacks the file to generate ${JSON.stringify(name)}`);
    // Names become code. protobuf-es checks no packages, and lets names begin with a digit.
    const names = file.service.flatMap((service) => [service.name, ...service.method.map((method) => method.name)]);
    if (file.package !== "") names.push(...file.package.split("."));
    const wrong = names.find((part) => !/^[A-Za-z_]\w*$/.test(part));
    if (wrong === undefined) continue;
    throw new Error(`${JSON.stringify(name)} contains the name ${JSON.stringify(wrong)}, which no proto file can`);
  }
  return request;
}
