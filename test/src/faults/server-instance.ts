import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Revocation } from "@connectum/auth";
import type { Command, Reply, ServerConfig } from "./server-protocol.js";
import { Timeline } from "./timeline.js";

/** How far ahead of the machine's the wall clock of an instance is: from `low` to `high` milliseconds. */
export interface ClockShift {
  readonly low: number;
  readonly high: number;
}

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** An instance of the service under test, in a process of its own. */
export interface ServerInstance {
  readonly number: number;
  readonly http1Url: string;
  readonly http2Url: string;
  readonly clock: Timeline<ClockShift>;
  readonly frozen: Timeline<boolean>;
  readonly output: () => string;
  /** Sets the wall clock of the instance `by` milliseconds ahead of the machine's. */
  stepClock(by: number): Promise<void>;
  /** Stops the process for a time, as a suspended machine does; its wall clock is `by` ahead when it wakes. */
  freeze(time: number, by: number): Promise<void>;
  revoke(what: Revocation): Promise<Reply>;
  measure(): Promise<Reply>;
  stop(): void;
}

const clockUrl = new URL("../../dist/faults/movable-clock.js", import.meta.url).href;
const serverFile = fileURLToPath(new URL("../../dist/faults/server-under-test.js", import.meta.url));

/** @throws Error with the output of the process, where it ends before it is ready. */
export async function startServerInstance(number: number, config: ServerConfig): Promise<ServerInstance> {
  const child = fork(serverFile, [JSON.stringify(config)], {
    execArgv: ["--expose-gc", "--import", clockUrl],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output = (output + chunk).slice(-100_000);
    });
  }
  const waiting = new Map<number, (reply: Reply) => void>();
  child.on("message", (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let commands = 0;

  function order(command: Without<Command, "id">): Promise<Reply> {
    const id = ++commands;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      child.send({ ...command, id });
    });
  }

  const ready = await new Promise<Reply>((resolve, reject) => {
    waiting.set(0, resolve);
    child.once("exit", () => reject(new Error(`the server ended:\n${output}`)));
  });
  const clock = new Timeline<ClockShift>({ low: 0, high: 0 });
  const frozen = new Timeline(false);

  /** While the instance is told, either of the two times may be what it reads. */
  async function stepClock(by: number): Promise<void> {
    const { low, high } = clock.current;
    clock.set({ low: Math.min(low, by), high: Math.max(high, by) });
    await order({ do: "step", by });
    clock.set({ low: by, high: by });
  }

  return {
    number,
    http1Url: ready.urls?.[0] ?? "",
    http2Url: ready.urls?.[1] ?? "",
    clock,
    frozen,
    output: () => output,
    stepClock,
    async freeze(time, by) {
      frozen.set(true);
      child.kill("SIGSTOP");
      await sleep(time);
      // The first thing that the process finds when it wakes.
      const stepped = stepClock(by);
      child.kill("SIGCONT");
      await stepped;
      frozen.set(false);
    },
    revoke: (what) => order({ do: "revoke", what }),
    measure: () => order({ do: "measure" }),
    stop() {
      process.off("exit", kill);
      child.removeAllListeners("exit");
      kill();
    },
  };
}
