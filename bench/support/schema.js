// A schema of any size, as descriptors whose options have to be read by reflection, and as the tables that the generator
// would write for it.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { create, createFileRegistry, fromBinary, setExtension, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";

const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const generator = fileURLToPath(new URL("../../plugin/bin/protoc-gen-connectum-auth", import.meta.url));
const proto = fileURLToPath(new URL("../../proto", import.meta.url));
const image = fromBinary(FileDescriptorSetSchema, execFileSync(process.execPath, [buf, "build", proto, "-o", "-"]));
const options = createFileRegistry(image);

/** The options, as generated code would have them. */
export const methodAuth = options.getExtension("connectum.auth.v1.method_auth");
export const serviceAuth = options.getExtension("connectum.auth.v1.service_auth");

/** The rows of a service, one after the other. */
export const mixedRows = [
  { access: "public" },
  { access: "requires", roles: ["admin"], scopes: [] },
  { access: "requires", roles: ["admin", "editor"], scopes: ["orders:write"] },
  { access: "allow" },
  { access: "deny" },
  { access: "internal", roles: [], scopes: [] },
  { access: "requires", roles: [], scopes: ["orders:read"] },
  { access: "unspecified" },
];

/**
 * @param {number} services
 * @param {number} methods - of each service.
 * @param {readonly object[]} rows - taken in turn.
 */
export function createSchema(services, methods, rows = mixedRows) {
  const policies = Array.from({ length: services }, (_, s) => ({
    typeName: `bench.p${s}.v1.Service${s}`,
    methods: Object.fromEntries(Array.from({ length: methods }, (_, m) => [`Method${m}`, rows[m % rows.length]])),
  }));
  const files = policies.map(({ methods }, s) => fileOf(s, Object.entries(methods)));
  const file = [...image.file, ...files];
  // There and back: options arrive as bytes that nobody has read yet, as in generated code.
  const bytes = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  return {
    policies,
    services: policies.map(({ typeName }) => registry.getService(typeName)),
    /** What the generator writes for it: names of files and their contents. */
    generate(parameter) {
      const fileToGenerate = files.map(({ name }) => name);
      const request = create(CodeGeneratorRequestSchema, { parameter, fileToGenerate, protoFile: file });
      const response = fromBinary(
        CodeGeneratorResponseSchema,
        execFileSync(process.execPath, [generator], {
          input: toBinary(CodeGeneratorRequestSchema, request),
          maxBuffer: 2 ** 30,
        }),
      );
      if (response.error !== "") throw new Error(response.error);
      return response.file.map(({ name, content }) => ({ name, content }));
    },
  };
}

function fileOf(s, methods) {
  return create(FileDescriptorProtoSchema, {
    name: `bench/p${s}/v1/service.proto`,
    package: `bench.p${s}.v1`,
    syntax: "proto3",
    dependency: ["connectum/auth/v1/options.proto"],
    messageType: [{ name: "Request" }, { name: "Response" }],
    service: [
      {
        name: `Service${s}`,
        method: methods.map(([name, row]) => ({
          name,
          inputType: `.bench.p${s}.v1.Request`,
          outputType: `.bench.p${s}.v1.Response`,
          options: optionsOf(row),
        })),
      },
    ],
  });
}

function optionsOf({ access, roles, scopes }) {
  const methodOptions = create(MethodOptionsSchema);
  const requires =
    roles && (roles.length > 0 || scopes.length > 0 || access === "requires") ? { roles, scopes } : undefined;
  const value = {
    public: { public: true },
    requires: { requires },
    internal: { internal: true, requires },
    allow: { policy: "allow" },
    deny: { policy: "deny" },
  }[access];
  if (value === undefined) return methodOptions;
  setExtension(methodOptions, methodAuth, create(methodAuth.message, value));
  return methodOptions;
}
