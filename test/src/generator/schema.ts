import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const require = createRequire(import.meta.url);

/** The folder of the options proto, as a module path or an include path. */
export const optionsFolder: string = fileURLToPath(new URL("../../../proto", import.meta.url));

/** How buf is started: directly where it can be found, since the script of its package costs a process more. */
export const buf: readonly [command: string, ...args: string[]] = findBuf();

function findBuf(): typeof buf {
  try {
    return [require.resolve("@bufbuild/buf-linux-x64/bin/buf")];
  } catch {
    return [process.execPath, require.resolve("@bufbuild/buf/bin/buf")];
  }
}

/** Compiles protos, given by path, and the options where they are imported. Descriptors carry source positions. */
export function compile(protos: Readonly<Record<string, string>>): FileDescriptorSet {
  return inFolder(protos, (folder) => {
    const importsOptions = Object.values(protos).some((text) => text.includes("connectum/auth/v1/options.proto"));
    if (importsOptions) cpSync(optionsFolder, folder, { recursive: true, force: false });
    const image = join(folder, "image.binpb");
    const [command, ...args] = buf;
    execFileSync(command, [...args, "build", folder, "-o", image], { stdio: ["ignore", "ignore", "inherit"] });
    return fromBinary(FileDescriptorSetSchema, readFileSync(image));
  });
}

/** Writes files into a new folder, which is gone after the call. */
export function inFolder<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "connectum-generator-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A request as a compiler sends it: files to generate, with everything they may import. */
export function requestFor(schema: FileDescriptorSet, fileToGenerate: string[], parameter = ""): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    parameter,
    fileToGenerate,
    protoFile: schema.file,
    sourceFileDescriptors: schema.file.filter(({ name }) => fileToGenerate.includes(name)),
  });
}
