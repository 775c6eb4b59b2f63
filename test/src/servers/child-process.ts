import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that a test started. */
export interface TestProcess {
  readonly pid: number;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Resolves when the process is gone; a process that ignores the signal is killed after five seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a process, and waits until it is ready.
 *
 * @throws Error with what the process printed, where it ends or is not ready in ten seconds.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  isReady: (output: string) => boolean | Promise<boolean>,
  options: Pick<SpawnOptions, "cwd" | "env"> = {},
): Promise<TestProcess> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      output += error;
      resolve();
    });
  });
  let isOver = false;
  running.add(child);
  void ended.then(() => {
    isOver = true;
    running.delete(child);
  });
  const started = {
    pid: child.pid ?? -1,
    output: () => output,
    async stop(signal: NodeJS.Signals = "SIGTERM") {
      if (isOver) return;
      child.kill(signal);
      const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(killer);
    },
  };
  for (const start = Date.now(); !(await isReady(output)); await sleep(20)) {
    if (isOver || Date.now() - start > 10_000) {
      await started.stop("SIGKILL");
      throw new Error(`${command} ${args.join(" ")}: not ready; it printed:\n${output}`);
    }
  }
  return started;
}

/**
 * The path of a program that comes with the system's packages.
 *
 * @throws Error saying how to get it, where it is not on the PATH.
 */
export function findProgram(name: string, debianPackage: string): string {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  throw new Error(`this test runs ${name} and found none on the PATH: apt-get install ${debianPackage}`);
}

/**
 * A port of loopback that nobody listens on, and that the system gives to no connection: of those above 32,767 another test
 * may get this one meanwhile, and a client that waits for the server may get connected to itself.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
