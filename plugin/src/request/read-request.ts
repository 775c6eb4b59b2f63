import { fromBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { thinRequest } from "./thin-request.js";

/**
 * Reads a serialized CodeGeneratorRequest, without what the generator never looks at.
 *
 * @throws Error when the bytes are not a request, or one that no compiler sends.
 */
export function readRequest(bytes: Uint8Array): CodeGeneratorRequest {
  const request = fromBinary(CodeGeneratorRequestSchema, thinRequest(bytes));
  if (request.fileToGenerate.length === 0) throw new Error("it names no file to generate");
  const files = new Map(request.protoFile.map((file) => [file.name, file]));
  for (const name of request.fileToGenerate) {
    const file = files.get(name);
    if (file === undefined) throw new Error(`it lacks the file to generate ${JSON.stringify(name)}`);
    checkName(file.package, name, /^(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?$/);
    for (const service of file.service) {
      checkName(service.name, name);
      for (const method of service.method) checkName(method.name, name);
    }
  }
  return request;
}

/** Names become code. Compilers accept no others, and `@bufbuild/protobuf` does not look at packages. */
function checkName(name: string, file: string, pattern = /^[A-Za-z_]\w*$/): void {
  if (pattern.test(name)) return;
  throw new Error(`${JSON.stringify(file)} contains the name ${JSON.stringify(name)}, which no proto file can`);
}
