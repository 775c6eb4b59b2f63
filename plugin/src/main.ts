import { isatty } from "node:tty";
import { generate } from "./generate.js";
import { help } from "./help.js";
import { readStdin, write } from "./stdio.js";
import { pluginName, pluginVersion } from "./version.js";

/** Runs as a process: a CodeGeneratorRequest on standard input, a CodeGeneratorResponse on standard output. */
function main(args: readonly string[]): number {
  const [argument] = args;
  if (argument === "--version" || argument === "-v") return say(1, `${pluginName} ${pluginVersion}`, 0);
  if (argument === "--help" || argument === "-h") return say(1, help, 0);
  if (argument !== undefined) return say(2, `${pluginName}: unknown argument ${argument}\n\n${help}`, 1);
  if (isatty(0)) return say(2, help, 1);

  const input = readStdin();
  if (input.length === 0) return say(2, `${pluginName}: nothing on standard input. ${startedBy}`, 1);
  try {
    const { response, warnings } = generate(input);
    for (const warning of warnings) say(2, `warning: ${warning}`, 0);
    write(1, response);
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return say(2, `${pluginName}: standard input is not a CodeGeneratorRequest: ${reason}. ${startedBy}`, 1);
  }
}

const startedBy = `This program is started by buf or protoc; see ${pluginName} --help.`;

function say(descriptor: 1 | 2, text: string, exitCode: number): number {
  write(descriptor, Buffer.from(`${text}\n`));
  return exitCode;
}

process.exitCode = main(process.argv.slice(2));
