import { fromBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { thinRequest } from "./thin-request.js";

/**
 * Decodes a serialized CodeGeneratorRequest, without the parts that the generator ignores.
 *
 * Throws an `Error` for bytes that no compiler sends: not decodable, with missing files or with invalid names.
 *
 * @example
 * const request = readRequest(readStdin());
 * request.fileToGenerate; // ["shop/v1/orders.proto"]
 */
export function readRequest(bytes: Uint8Array): CodeGeneratorRequest {
  const request = fromBinary(CodeGeneratorRequestSchema, thinRequest(bytes));
  if (request.fileToGenerate.length === 0) throw new Error("file_to_generate is empty");
  const files = new Map(request.protoFile.map((file) => [file.name, file]));
  for (const name of request.fileToGenerate) {
    const file = files.get(name);
    if (file === undefined) throw new Error(`file_to_generate lists ${JSON.stringify(name)}, but proto_file lacks it`);
    // Names become code. protobuf-es does not check packages, and accepts a leading digit.
    const names = file.service.flatMap((service) => [service.name, ...service.method.map((method) => method.name)]);
    if (file.package !== "") names.push(...file.package.split("."));
    const wrong = names.find((part) => !/^[A-Za-z_]\w*$/.test(part));
    if (wrong === undefined) continue;
    throw new Error(`${JSON.stringify(name)} contains the invalid name ${JSON.stringify(wrong)}`);
  }
  return request;
}
