import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";
import { startPlugin } from "./plugin-in-process.js";

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
