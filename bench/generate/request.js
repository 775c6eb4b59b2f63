// Builds a CodeGeneratorRequest as buf would send it, with comments, messages and source positions.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const optionsProto = fileURLToPath(new URL("../../proto/connectum/auth/v1/options.proto", import.meta.url));
const methodsPerService = 20;
// Small files, as people write them: protoc-gen-es takes time by the square of a file's size.
const servicesPerFile = 1;

/**
 * A serialized request for so many RPCs; a function of the plugin's parameter.
 *
 * @param {{ conditions?: boolean }} options - `conditions` gives every method that is not public a condition.
 */
export function createRequests(rpcs, { conditions = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "connectum-bench-"));
  try {
    const names = writeProtos(folder, rpcs, conditions);
    const image = join(folder, "image.binpb");
    execFileSync(process.execPath, [buf, "build", folder, "-o", image], { stdio: "inherit" });
    const { file } = fromBinary(FileDescriptorSetSchema, readFileSync(image));
    for (const proto of file) proto.$unknown = undefined; // what buf adds to an image
    return (parameter) =>
      toBinary(
        CodeGeneratorRequestSchema,
        create(CodeGeneratorRequestSchema, {
          parameter,
          fileToGenerate: names,
          protoFile: file,
          sourceFileDescriptors: file.filter(({ name }) => names.includes(name)),
        }),
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeProtos(folder, rpcs, conditions) {
  const options = join(folder, "connectum/auth/v1/options.proto");
  mkdirSync(join(options, ".."), { recursive: true });
  writeFileSync(options, readFileSync(optionsProto));
  const names = [];
  for (let left = rpcs, index = 0; left > 0; index++) {
    const count = Math.min(left, methodsPerService * servicesPerFile);
    const name = `shop/p${index}/v1/service.proto`;
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), protoText(`shop.p${index}.v1`, count, conditions));
    names.push(name);
    left -= count;
  }
  return names;
}

function protoText(pkg, count, conditions) {
  const services = [];
  const messages = [];
  for (let method = 0; method < count; method++) {
    const service = Math.floor(method / methodsPerService);
    services[service] ??= [
      `// Service ${service} of the shop.`,
      `service Service${service} {`,
      `  option (connectum.auth.v1.service_auth) = {default_requires: {roles: ["customer", "support"]}${conditions ? condition : ""}};`,
    ];
    services[service].push(
      `  // Does the work of method ${method}, and says how it went.`,
      `  rpc Method${method}(Method${method}Request) returns (Method${method}Response)${methodOption(method, conditions)}`,
    );
    messages.push(
      `// What method ${method} is asked.\nmessage Method${method}Request {\n  // Which one.\n  string id = 1;\n  int32 count = 2;\n}`,
      `message Method${method}Response {\n  string id = 1;\n  repeated string lines = 2;\n}`,
    );
  }
  const header = `syntax = "proto3";\npackage ${pkg};\nimport "connectum/auth/v1/options.proto";\n`;
  return `${header}${services.map((lines) => `${lines.join("\n")}\n}\n`).join("")}${messages.join("\n")}\n`;
}

const condition = ` condition: "request.id == caller.claims.id && request.count <= 100"`;

function methodOption(method, conditions) {
  switch (method % 4) {
    case 0:
      return " {\n    option (connectum.auth.v1.method_auth) = {public: true PUBLIC};\n  }".replace(
        " PUBLIC",
        conditions ? " exempt: true" : "",
      );
    case 1:
      return ' {\n    option (connectum.auth.v1.method_auth) = {requires: {roles: ["admin"], scopes: ["orders:write"]}};\n  }';
    default:
      return ";";
  }
}
