import { isatty } from "node:tty";
import { generate } from "./generate.js";
import { help, pluginName, pluginVersion } from "./process/help.js";
import { readStdin, write } from "./process/stdio.js";
import { readRequest } from "./request/read-request.js";

/** Reads a CodeGeneratorRequest from standard input and writes a CodeGeneratorResponse. Returns the exit code. */
function main([argument]: readonly string[]): number {
  if (argument === "--version" || argument === "-v") return printLine(1, `${pluginName} ${pluginVersion}`);
  if (argument === "--help" || argument === "-h") return printLine(1, help);
  if (argument !== undefined) return fail(`unknown argument ${argument}\n\n${help}`);
  if (isatty(0)) return fail(`standard input is a terminal. Start the plugin with buf or protoc.\n\n${help}`);
  const advice = `Start the plugin with buf or protoc: see ${pluginName} --help.`;
  const input = readStdin();
  if (input.length === 0) return fail(`standard input is empty. ${advice}`);
  try {
    const { response, warnings } = generate(readRequest(input));
    if (warnings.length > 0) printLine(2, warnings.join("\n"));
    write(1, response);
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`standard input is not a CodeGeneratorRequest: ${reason}. ${advice}`);
  }
}

const fail = (message: string) => printLine(2, `${pluginName}: ${message}`);

/** Writes a line and returns the exit code: 0 for standard output, 1 for standard error. */
function printLine(descriptor: 1 | 2, text: string): number {
  write(descriptor, Buffer.from(`${text}\n`));
  return descriptor - 1;
}

process.exitCode = main(process.argv.slice(2));
