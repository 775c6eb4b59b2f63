import { WireType } from "@bufbuild/protobuf/wire";
import { mergeBytes, readMessage } from "./wire.js";

/** What the generator needs of a CodeGeneratorRequest. */
export interface GeneratorRequest {
  readonly parameter: string;
  /** Files to generate, in the order of the request. */
  readonly files: readonly ProtoFile[];
  /** Files that are only imported. */
  readonly imports: readonly ImportedFile[];
}

/** A file of the request that nothing is generated for. */
export interface ImportedFile {
  readonly name: string;
  /** The serialized FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** A file to generate. */
export interface ProtoFile extends ImportedFile {
  readonly package: string;
  /** As in the source: `syntax proto3` or `edition 2023`. */
  readonly syntax: string;
  readonly deprecated: boolean;
  readonly services: readonly ProtoService[];
  /** The serialized SourceCodeInfo; undefined where the compiler sent none. */
  readonly sourceInfo: Uint8Array | undefined;
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
  const toGenerate: string[] = [];
  const protoFiles = new Map<string, Uint8Array>();
  const sourceFiles = new Map<string, Uint8Array>();
  readMessage(bytes, (field, reader) => {
    switch (field) {
      case 1:
        toGenerate.push(reader.string());
        return true;
      case 2:
        parameter = reader.string();
        return true;
      case 15:
        addByName(protoFiles, reader.bytes());
        return true;
      case 17:
        addByName(sourceFiles, reader.bytes());
        return true;
      default:
        return false;
    }
  });
  if (toGenerate.length === 0) throw new Error("it names no file to generate");
  const wanted = new Set(toGenerate);
  const files = [...wanted].map((name) => {
    const file = sourceFiles.get(name) ?? protoFiles.get(name);
    if (file === undefined) throw new Error(`it does not contain the file to generate ${JSON.stringify(name)}`);
    return readFile(name, file);
  });
  const imports = [...protoFiles].filter(([name]) => !wanted.has(name)).map(([name, file]) => ({ name, bytes: file }));
  return { parameter, files, imports };
}

function addByName(files: Map<string, Uint8Array>, bytes: Uint8Array): void {
  let name = "";
  readMessage(bytes, (field, reader) => {
    if (field !== 1) return false;
    name = reader.string();
    return true;
  });
  files.set(name, bytes);
}

function readFile(name: string, bytes: Uint8Array): ProtoFile {
  let pkg = "";
  let syntax = "";
  let edition = 0;
  let options: Uint8Array | undefined;
  let sourceInfo: Uint8Array | undefined;
  const services: Uint8Array[] = [];
  readMessage(bytes, (field, reader) => {
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
      case 9:
        sourceInfo = reader.bytes();
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
  const file = {
    name,
    bytes,
    package: checkName(pkg, name, /^(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?$/),
    syntax: describeSyntax(name, syntax, edition),
    deprecated: readOptions(options, 23, undefined).deprecated,
    sourceInfo,
    services: [] as ProtoService[],
  };
  file.services.push(...services.map((service, index) => readService(file, service, index)));
  return file;
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

function describeSyntax(file: string, syntax: string, edition: number): string {
  switch (syntax) {
    case "":
    case "proto2":
      return "syntax proto2";
    case "proto3":
      return "syntax proto3";
    default: {
      const name = editions.get(edition);
      if (name === undefined) throw new Error(`${file} uses edition ${edition}, which this version does not know`);
      return `edition ${name}`;
    }
  }
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
