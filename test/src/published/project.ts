import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Registry } from "./registry.js";
import { type Outcome, run, tryRun } from "./run.js";

/** A user's project, in a folder outside the repository. */
export interface Project {
  readonly folder: string;
  /** The environment of its commands: packages come from the registry of the test. */
  readonly env: Readonly<Record<string, string>>;
  write(file: string, text: string): void;
  read(file: string): string;
  /** Runs a command line, which has to succeed; returns what it printed. */
  run(command: string): Promise<string>;
  tryRun(command: string): Promise<Outcome>;
  /** As `run`, with the programs of its packages at hand: what `npx` finds, and faster. */
  use(command: string): Promise<string>;
  tryUse(command: string): Promise<Outcome>;
  /** Loads a module of the project into this process. */
  import<T>(file: string): Promise<T>;
  remove(): void;
}

/** @param modules - the project whose installed packages it shares. By default, it has none. */
export function createProject(registry: Pick<Registry, "url" | "cache">, modules?: Project): Project {
  const folder = mkdtempSync(join(tmpdir(), "connectum-project-"));
  const env = {
    npm_config_registry: registry.url,
    npm_config_cache: registry.cache,
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    npm_config_loglevel: "error",
  };
  const programs = `PATH="${join(folder, "node_modules/.bin")}:$PATH"\n`;
  if (modules) symlinkSync(join(modules.folder, "node_modules"), join(folder, "node_modules"), "junction");
  return {
    folder,
    env,
    write(file, text) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    read: (file) => readFileSync(join(folder, file), "utf8"),
    run: (command) => run(command, folder, env),
    tryRun: (command) => tryRun(command, folder, env),
    use: (command) => run(programs + command, folder, env),
    tryUse: (command) => tryRun(programs + command, folder, env),
    import: (file) => import(pathToFileURL(join(folder, file)).href),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
