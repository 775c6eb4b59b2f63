import { WireType } from "@bufbuild/protobuf/wire";
import { mergeBytes, readMessage } from "./wire.js";

/** What the generator needs of a CodeGeneratorRequest. */
export interface GeneratorRequest {
  readonly parameter: string;
  /** Files to generate, in the order of the request. */
  readonly files: readonly ProtoFile[];
  /** Files that are only imported. */
  readonly imports: readonly RequestFile[];
}

/** A file of the request, hardly looked at. */
export interface RequestFile {
  readonly name: string;
  /** The serialized FileDescriptorProto. */
  readonly bytes: Buffer;
  /** The serialized SourceCodeInfo; undefined where the compiler sent none. */
  readonly sourceInfo: Uint8Array | undefined;
}

/** A file whose services have been read. */
export interface ProtoFile extends RequestFile {
  readonly package: string;
  /** As in the source: `syntax proto3` or `edition 2023`. */
  readonly syntax: string;
  readonly deprecated: boolean;
  readonly services: readonly ProtoService[];
}

export interface ProtoService {
  readonly file: ProtoFile;
  readonly name: string;
  /** Fully qualified, without a leading dot. */
  readonly typeName: string;
  /** Where the service is in its file, as SourceCodeInfo counts. */
  readonly path: readonly number[];
  readonly deprecated: boolean;
  /** The serialized `service_auth`; undefined where it is not set. */
  readonly auth: Uint8Array | undefined;
  readonly methods: readonly ProtoMethod[];
}

export interface ProtoMethod {
  readonly service: ProtoService;
  readonly name: string;
  readonly path: readonly number[];
  readonly deprecated: boolean;
  /** The serialized `method_auth`; undefined where it is not set. */
  readonly auth: Uint8Array | undefined;
}

/** Number of the extension `connectum.auth.v1.method_auth` of `google.protobuf.MethodOptions`. */
export const methodAuthNumber = 50100;

/** Number of the extension `connectum.auth.v1.service_auth` of `google.protobuf.ServiceOptions`. */
export const serviceAuthNumber = 50101;

/** Field numbers of descriptor.proto that SourceCodeInfo paths are made of. */
export const pathOf = {
  package: 2,
  messages: 4,
  services: 6,
  extensions: 7,
  syntax: 12,
  nestedMessages: 3,
  nestedExtensions: 6,
  methods: 2,
  serviceOptions: 3,
  methodOptions: 4,
} as const;

/**
 * Reads a serialized CodeGeneratorRequest.
 *
 * @throws Error when the bytes are not one.
 */
export function readRequest(bytes: Uint8Array): GeneratorRequest {
  let parameter = "";
  const toGenerate = new Set<string>();
  const files = new Map<string, RequestFile>();
  const sourceFiles = new Map<string, RequestFile>();
  readMessage(bytes, (field, reader) => {
    switch (field) {
      case 1:
        toGenerate.add(reader.string());
        return true;
      case 2:
        parameter = reader.string();
        return true;
      case 15:
        add(files, readRequestFile(reader.bytes()));
        return true;
      case 17:
        add(sourceFiles, readRequestFile(reader.bytes()));
        return true;
      default:
        return false;
    }
  });
  if (toGenerate.size === 0) throw new Error("it names no file to generate");
  return {
    parameter,
    files: [...toGenerate].map((name) => {
      // Options with source retention are only in the second list.
      const file = sourceFiles.get(name) ?? files.get(name);
      if (file === undefined) throw new Error(`it lacks the file to generate ${JSON.stringify(name)}`);
      return readProtoFile(file);
    }),
    imports: [...files.values()].filter(({ name }) => !toGenerate.has(name)),
  };
}

function add(files: Map<string, RequestFile>, file: RequestFile): void {
  files.set(file.name, file);
}

function readRequestFile(bytes: Uint8Array): RequestFile {
  let name = "";
  let sourceInfo: Uint8Array | undefined;
  readMessage(bytes, (field, reader) => {
    if (field === 1) name = reader.string();
    else if (field === 9) sourceInfo = reader.bytes();
    else return false;
    return true;
  });
  return { name, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), sourceInfo };
}

/** Reads the services of a file. */
export function readProtoFile(file: RequestFile): ProtoFile {
  let pkg = "";
  let syntax = "";
  let edition = 0;
  let options: Uint8Array | undefined;
  const services: Uint8Array[] = [];
  readMessage(file.bytes, (field, reader) => {
    switch (field) {
      case pathOf.package:
        pkg = reader.string();
        return true;
      case pathOf.services:
        services.push(reader.bytes());
        return true;
      case 8:
        options = mergeBytes(options, reader.bytes());
        return true;
      case pathOf.syntax:
        syntax = reader.string();
        return true;
      case 14:
        edition = reader.int32();
        return true;
      default:
        return false;
    }
  });
  const protoFile = {
    ...file,
    package: checkName(pkg, file.name, /^(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?$/),
    syntax: describeSyntax(syntax, edition),
    deprecated: readOptions(options, 23, undefined).deprecated,
    services: [] as ProtoService[],
  };
  for (const [index, service] of services.entries()) protoFile.services.push(readService(protoFile, service, index));
  return protoFile;
}

function readService(file: ProtoFile, bytes: Uint8Array, index: number): ProtoService {
  let name = "";
  let options: Uint8Array | undefined;
  const methods: Uint8Array[] = [];
  readMessage(bytes, (field, reader) => {
    switch (field) {
      case 1:
        name = reader.string();
        return true;
      case pathOf.methods:
        methods.push(reader.bytes());
        return true;
      case pathOf.serviceOptions:
        options = mergeBytes(options, reader.bytes());
        return true;
      default:
        return false;
    }
  });
  const service = {
    file,
    name: checkName(name, file.name),
    typeName: file.package === "" ? name : `${file.package}.${name}`,
    path: [pathOf.services, index],
    ...readOptions(options, 33, serviceAuthNumber),
    methods: [] as ProtoMethod[],
  };
  for (const [i, method] of methods.entries()) service.methods.push(readMethod(service, method, i));
  return service;
}

function readMethod(service: ProtoService, bytes: Uint8Array, index: number): ProtoMethod {
  let name = "";
  let options: Uint8Array | undefined;
  readMessage(bytes, (field, reader) => {
    switch (field) {
      case 1:
        name = reader.string();
        return true;
      case pathOf.methodOptions:
        options = mergeBytes(options, reader.bytes());
        return true;
      default:
        return false;
    }
  });
  return {
    service,
    name: checkName(name, service.file.name),
    path: [...service.path, pathOf.methods, index],
    ...readOptions(options, 33, methodAuthNumber),
  };
}

/** Stands for an option that is not even a message: field number 0 is illegal everywhere. */
const notAMessage = Uint8Array.of(0);

/** Reads `deprecated` and one extension from the options of a file, a service or a method. */
function readOptions(
  options: Uint8Array | undefined,
  deprecatedNumber: number,
  extensionNumber: number | undefined,
): { deprecated: boolean; auth: Uint8Array | undefined } {
  let deprecated = false;
  let auth: Uint8Array | undefined;
  if (options !== undefined) {
    readMessage(options, (field, reader, wireType) => {
      if (field === deprecatedNumber) {
        deprecated = reader.bool();
        return true;
      }
      if (field !== extensionNumber) return false;
      auth = mergeBytes(auth, wireType === WireType.LengthDelimited ? reader.bytes() : notAMessage);
      return wireType === WireType.LengthDelimited;
    });
  }
  return { deprecated, auth };
}

function describeSyntax(syntax: string, edition: number): string {
  if (syntax === "editions") return `edition ${editions.get(edition) ?? `unknown (${edition})`}`;
  return syntax === "" ? "syntax proto2" : `syntax ${checkName(syntax, "a file")}`;
}

const editions: ReadonlyMap<number, string> = new Map([
  [1000, "2023"],
  [1001, "2024"],
  [9999, "unstable"],
]);

/** Names become code: a compiler never sends anything else, so whoever did is not one. */
function checkName(name: string, file: string, pattern = /^[A-Za-z_]\w*$/): string {
  if (pattern.test(name)) return name;
  throw new Error(`${JSON.stringify(file)} contains the name ${JSON.stringify(name)}, which no proto file can`);
}
