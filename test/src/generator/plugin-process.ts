import { spawnSync } from "node:child_process";
import { pluginPath } from "./plugin-package.js";

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
