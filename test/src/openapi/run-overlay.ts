import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { parse } from "yaml";
import { type PluginResult, runPlugin } from "../generator/run-plugin.js";
import { compile, requestFor } from "../generator/schema.js";

export interface Action {
  readonly target: string;
  readonly update?: Readonly<Record<string, unknown>>;
  readonly remove?: boolean;
}

export interface Overlay {
  readonly overlay: string;
  readonly info: object;
  readonly actions: readonly Action[];
}

/** The overlay of a run of the plugin, as its text and as data. */
export interface OverlayRun {
  readonly text: string;
  readonly overlay: Overlay;
  readonly schema: FileDescriptorSet;
  readonly names: string[];
}

/** Runs the plugin over protos. The overlay is YAML unless the options name another file. */
export function runOverlay(
  protos: Readonly<Record<string, string>>,
  options = "",
  file = "a.overlay.yaml",
): OverlayRun {
  const schema = compile(protos);
  const names = Object.keys(protos);
  const { files, error } = generate(schema, names, `openapi_overlay=${file}${options}`);
  if (error !== "") throw new Error(error);
  const text = files.get(file) ?? "";
  return { text, overlay: parse(text), schema, names };
}

export function generate(schema: FileDescriptorSet, names: string[], options: string): PluginResult {
  return runPlugin(requestFor(schema, names, `target=ts,${options}`));
}

/** A proto with one service `a.v1.S` and some methods, each with its `method_auth`. */
export function serviceProto(methods: Readonly<Record<string, string>>, serviceAuth = ""): string {
  const option = (kind: string, value: string) =>
    value === "" ? "" : `option (connectum.auth.v1.${kind}_auth) = {${value}};`;
  const rpcs = Object.entries(methods).map(
    ([name, value]) => `  rpc ${name}(M) returns (M) { ${option("method", value)} }\n`,
  );
  return `syntax = "proto3"; package a.v1; import "connectum/auth/v1/options.proto";
message M { string id = 1; }
service S {
  ${option("service", serviceAuth)}
${rpcs.join("")}}
`;
}
