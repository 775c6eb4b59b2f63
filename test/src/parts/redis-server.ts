import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, findProgram, startProcess, type TestProcess } from "./child-process.js";

/** A Redis server that can be killed and started again at the same address; its data is then gone. */
export interface RedisServer {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the `redis-server` of this machine on loopback, without files. */
export async function startRedis(): Promise<RedisServer> {
  const program = findProgram("redis-server", "redis-server");
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const options = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: folder };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const start = () => startProcess(program, args, (output) => output.includes("Ready to accept connections"));
  let server: TestProcess | undefined = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      await server?.stop("SIGKILL");
      server = undefined;
    },
    async restart() {
      server ??= await start();
    },
    async stop() {
      await server?.stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
