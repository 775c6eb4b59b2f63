import { generate } from "../../../plugin/dist/generate.js";
import { readRequest } from "../../../plugin/dist/request/read-request.js";
import type { PluginRun } from "./plugin-process.js";

/** As the plugin's process, without a process: for thousands of schemas, and for mutants, which live in this one. */
export function startPlugin(input: Uint8Array): PluginRun {
  try {
    const { response, warnings } = generate(readRequest(input));
    return { status: 0, stdout: Buffer.from(response), stderr: warnings.map((line) => `${line}\n`).join("") };
  } catch (error) {
    return { status: 1, stdout: Buffer.alloc(0), stderr: `${error}\n` };
  }
}
