import { isatty } from "node:tty";
import { generate } from "./generate.js";
import { help, pluginName, pluginVersion } from "./process/help.js";
import { readStdin, write } from "./process/stdio.js";
import { readRequest } from "./request/read-request.js";

/** Runs as a process: a CodeGeneratorRequest on standard input, a CodeGeneratorResponse on standard output. */
function main([argument]: readonly string[]): number {
  if (argument === "--version" || argument === "-v") return say(1, `${pluginName} ${pluginVersion}`);
  if (argument === "--help" || argument === "-h") return say(1, help);
  if (argument !== undefined) return fail(`unknown argument ${argument}\n\n${help}`);
  if (isatty(0)) return fail(`there is nothing to do by hand.\n\n${help}`);
  const startedBy = `This program is started by buf or protoc; see ${pluginName} --help.`;
  const input = readStdin();
  if (input.length === 0) return fail(`standard input is empty. ${startedBy}`);
  try {
    const { response, warnings } = generate(readRequest(input));
    if (warnings.length > 0) say(2, warnings.join("\n"));
    write(1, response);
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`standard input is not a CodeGeneratorRequest: ${reason}. ${startedBy}`);
  }
}

const fail = (message: string) => say(2, `${pluginName}: ${message}`);

/** Writes a line. What goes to standard error is a failure. */
function say(descriptor: 1 | 2, text: string): number {
  write(descriptor, Buffer.from(`${text}\n`));
  return descriptor - 1;
}

process.exitCode = main(process.argv.slice(2));
