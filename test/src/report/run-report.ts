import { type PluginResult, runPlugin } from "../generator/run-plugin.js";
import { compile, requestFor } from "../generator/schema.js";

/** Runs the plugin's process on protos. */
export function run(protos: Readonly<Record<string, string>>, options: string): PluginResult {
  return runPlugin(requestFor(compile(protos), Object.keys(protos), `target=ts,${options}`));
}

/** One report of a run. */
export function report(protos: Readonly<Record<string, string>>, file: string): string {
  const { files, error } = run(protos, `report=${file}`);
  if (error !== "") throw new Error(error);
  return files.get(file) ?? "";
}
