import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** What a command printed on both streams, in order, and how it ended. */
export interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a command line of a shell, without the settings and the programs of the npm that runs the tests. */
export function tryRun(command: string, cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn("sh", ["-c", `exec 2>&1\n${command}`], {
    cwd,
    env: { ...usersEnvironment(), ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", (status) => resolve({ status, output }));
  });
}

/** As {@link tryRun}, for a command that has to succeed; returns what it printed. */
export async function run(command: string, cwd: string, env?: Readonly<Record<string, string>>): Promise<string> {
  const { status, output } = await tryRun(command, cwd, env);
  if (status !== 0) throw new Error(`${command}\nended with ${status}:\n${output}`);
  return output;
}

/** The environment of a user's shell. Package managers change their behaviour by variables of npm, of vitest and of a CI. */
export function usersEnvironment(): NodeJS.ProcessEnv {
  const { HOME, LANG, TMPDIR, USER, PATH = "" } = process.env;
  const path = PATH.split(delimiter).filter((folder) => !folder.endsWith("node_modules/.bin"));
  return { HOME, LANG, TMPDIR, USER, PATH: path.join(delimiter) };
}
