import { create, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { FileDescriptor } from "../gen/buf/plugin/descriptor/v1/descriptor_pb.js";

/** The files of a schema: those to check, and all with their imports. */
export interface Files {
  readonly files: readonly DescFile[];
  readonly allFiles: readonly DescFile[];
}

/** Builds descriptors. buf sends the files in any order. */
export function readFiles(descriptors: readonly FileDescriptor[]): Files {
  const protos = new Map<string, FileDescriptorProto>();
  for (const { fileDescriptorProto: proto } of descriptors) if (proto !== undefined) protos.set(proto.name, proto);
  const sorted = new Set<FileDescriptorProto>();
  const add = (name: string, parents: ReadonlySet<string>) => {
    const proto = protos.get(name);
    if (proto === undefined || sorted.has(proto) || parents.has(name)) return;
    for (const imported of [...proto.dependency, ...proto.optionDependency]) add(imported, new Set([...parents, name]));
    sorted.add(proto);
  };
  for (const name of [...protos.keys()].sort()) add(name, new Set());
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...sorted] }));
  const imports = new Set(descriptors.filter(({ isImport }) => isImport).map((one) => one.fileDescriptorProto?.name));
  const allFiles = [...registry.files];
  return { allFiles, files: allFiles.filter(({ proto }) => !imports.has(proto.name)) };
}
