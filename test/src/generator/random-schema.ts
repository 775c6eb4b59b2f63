import { create, createFileRegistry, type FileRegistry, setExtension, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_descriptor,
  MethodOptionsSchema,
  ServiceOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import {
  file_connectum_auth_v1_options,
  MethodAuthSchema,
  method_auth,
  ServiceAuthSchema,
  service_auth,
} from "../../../plugin/dist/gen/connectum/auth/v1/options_pb.js";

/** What one option says; what is undefined is not set. */
export interface Said {
  readonly public?: boolean | undefined;
  readonly internal?: boolean | undefined;
  readonly requires?:
    | {
        readonly roles: string[];
        readonly scopes: string[];
        readonly permissions?: string[];
        readonly anyPermissions?: string[];
        readonly acr?: string[];
        readonly maxAgeSeconds?: number;
      }
    | undefined;
  readonly policy?: string | undefined;
  readonly condition?: string | undefined;
  readonly resource?: string | undefined;
  readonly credentials?: string[];
  /** Of methods alone. */
  readonly exempt?: boolean | undefined;
}

/** A service, with what it and its methods say. `undefined` has no option at all. */
export interface SchemaModel {
  readonly services: readonly { readonly said: Said | undefined; readonly methods: readonly (Said | undefined)[] }[];
}

const goodNames = ["admin", "customer", "orders:read", "läsa", "管理🦊", 'quo"te', "*/"];
const badNames = [
  "",
  " lead",
  "trail\t",
  "new\nline",
  "\u007f",
  "\u00a0",
  "a b",
  "zero\u200bwidth",
  "bidi\u202e",
  "\u{e0041}",
];

/** Mostly what people write, and every mistake they make. */
export const arbitrarySchema: fc.Arbitrary<SchemaModel> = fc.boolean().chain((careful) => {
  const flag = fc.option(fc.boolean(), { nil: undefined, freq: 3 });
  const names = fc.array(
    careful
      ? fc.constantFrom(...goodNames)
      : fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...goodNames) }, fc.constantFrom(...badNames)),
    { maxLength: 3 },
  );
  const unique = fc.uniqueArray(fc.constantFrom(...goodNames), { maxLength: 3 });
  const list = careful ? unique : names;
  const policy = careful
    ? fc.constantFrom("allow", "deny")
    : fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom("allow", "deny") },
        fc.constantFrom("Deny", "ALLOW", "", "alow", "none"),
      );
  const said: fc.Arbitrary<Said | undefined> = fc.option(
    fc.record({
      public: flag,
      internal: flag,
      requires: fc.option(
        fc.record(
          {
            ...{ roles: list, scopes: list, permissions: list, anyPermissions: list, acr: list },
            maxAgeSeconds: careful ? fc.constantFrom(1, 300, 4294967295) : fc.constantFrom(0, 1, 300, 4294967295),
          },
          { requiredKeys: ["roles", "scopes", "permissions", "anyPermissions"] },
        ),
        { nil: undefined, freq: 2 },
      ),
      policy: fc.option(policy, { nil: undefined, freq: 2 }),
      condition: fc.option(fc.constantFrom('request.a == "1"', "request.b != caller.subject"), {
        nil: undefined,
        freq: 1,
      }),
      resource: fc.option(fc.constantFrom("a", "b"), { nil: undefined, freq: 1 }),
      exempt: fc.option(fc.boolean(), { nil: undefined, freq: 1 }),
      credentials: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, list),
    }),
    { nil: undefined, freq: 5 },
  );
  const service = fc.record({ said, methods: fc.array(said, { maxLength: 3 }) });
  return fc.record({ services: fc.array(service, { minLength: 1, maxLength: 2 }) });
});

/** What every schema may import. */
export const baseFiles = [file_google_protobuf_descriptor, file_connectum_auth_v1_options];

/** The descriptor of a model. Services are called S0, S1 and their methods M0, M1. */
export function describeSchema({ services }: SchemaModel): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name: "random.proto",
    package: "random.v1",
    syntax: "proto3",
    // An import that nothing uses is reported.
    dependency: services.some(({ said, methods }) => [said, ...methods].some((one) => one !== undefined))
      ? ["connectum/auth/v1/options.proto"]
      : [],
    messageType: [
      {
        name: "M",
        field: ["a", "b"].map((name, i) => ({
          name,
          number: i + 1,
          type: FieldDescriptorProto_Type.STRING,
          label: FieldDescriptorProto_Label.OPTIONAL,
        })),
      },
    ],
    service: services.map(({ said, methods }, index) => {
      const options = create(ServiceOptionsSchema);
      if (said !== undefined) {
        setExtension(
          options,
          service_auth,
          create(ServiceAuthSchema, {
            ...set("public", said.public),
            ...set("internal", said.internal),
            ...set("defaultRequires", said.requires),
            ...set("defaultPolicy", said.policy),
            ...set("condition", said.condition),
            ...set("resource", said.resource),
            ...set("credentials", said.credentials),
          }),
        );
      }
      return {
        name: `S${index}`,
        options,
        method: methods.map((method, position) => ({
          name: `M${position}`,
          inputType: ".random.v1.M",
          outputType: ".random.v1.M",
          options: methodOptions(method),
        })),
      };
    }),
  });
}

function methodOptions(said: Said | undefined) {
  const options = create(MethodOptionsSchema);
  if (said !== undefined) {
    setExtension(
      options,
      method_auth,
      create(MethodAuthSchema, {
        ...set("public", said.public),
        ...set("internal", said.internal),
        ...set("requires", said.requires),
        ...set("policy", said.policy),
        ...set("condition", said.condition),
        ...set("resource", said.resource),
        ...set("credentials", said.credentials),
        ...set("exempt", said.exempt),
      }),
    );
  }
  return options;
}

function set<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

/** A registry with a file of our own, for reading its options at run time. */
export function register(file: FileDescriptorProto): FileRegistry {
  return createFileRegistry(file, (name) => baseFiles.find(({ proto }) => proto.name === name));
}

/** The base files as a part of a request. Parts of a message that follow each other are one message. */
const serializedBase = toBinary(
  CodeGeneratorRequestSchema,
  create(CodeGeneratorRequestSchema, { protoFile: baseFiles.map(({ proto }) => proto) }),
);

/** A serialized request to generate a file of our own. */
export function serializeRequest(file: FileDescriptorProto, parameter: string): Uint8Array {
  const own = create(CodeGeneratorRequestSchema, { parameter, fileToGenerate: [file.name], protoFile: [file] });
  return Buffer.concat([serializedBase, toBinary(CodeGeneratorRequestSchema, own)]);
}
