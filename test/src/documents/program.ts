import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Project } from "../published/project.js";
import { usersEnvironment } from "../published/run.js";
import { findFreePort } from "../servers/child-process.js";

/** A program of a project that listens on a port. */
export interface Program {
  readonly port: number;
  /** What it has printed so far. */
  readonly output: string;
  stop(): Promise<void>;
}

/** Starts a compiled file with PORT set, and waits until it listens. */
export async function startProgram(
  project: Project,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [file], {
    cwd: project.folder,
    env: { ...usersEnvironment(), ...env, PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await listening(child, port);
  return {
    port,
    get output() {
      return output;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}

/** Waits until the port answers. The test's own timeout is the limit. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      }).once("error", () => resolve(false));
    });
    if (isOpen) return;
    await pause(20);
  }
  throw new Error(`the program ended with ${child.exitCode} before it listened`);
}
