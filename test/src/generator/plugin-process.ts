import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";

const manifest = createRequire(import.meta.url).resolve("@connectum/protoc-gen-connectum-auth/package.json");
const { bin, version } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string>; version: string };

/** The plugin's executable, as its package names it. */
export const pluginPath: string = join(dirname(manifest), bin["protoc-gen-connectum-auth"] ?? "");

/** The version of the plugin's package. */
export const packageVersion: string = version;

/** What a run of the plugin's process left. */
export interface PluginRun {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Starts the plugin's process with bytes on its standard input. */
export function startPlugin(input: Uint8Array, args: readonly string[] = []): PluginRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [pluginPath, ...args], {
    input,
    maxBuffer: 2 ** 30,
  });
  return { status, stdout, stderr: stderr.toString() };
}

/** What the plugin made of a request. */
export interface PluginResult {
  readonly files: ReadonlyMap<string, string>;
  readonly error: string;
  readonly warnings: string;
}

/** Runs the plugin's process on a request. */
export function runPlugin(request: CodeGeneratorRequest): PluginResult {
  const { status, stdout, stderr } = startPlugin(toBinary(CodeGeneratorRequestSchema, request));
  if (status !== 0) throw new Error(`the plugin failed with ${status}: ${stderr}`);
  return { ...readResponse(stdout), warnings: stderr };
}

/** Reads a serialized CodeGeneratorResponse. */
export function readResponse(bytes: Uint8Array): Omit<PluginResult, "warnings"> {
  const { file, error } = fromBinary(CodeGeneratorResponseSchema, bytes);
  return { files: new Map(file.map(({ name, content }) => [name, content])), error };
}
