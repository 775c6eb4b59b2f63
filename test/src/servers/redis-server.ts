import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, findProgram, startProcess, type TestProcess } from "./child-process.js";

/** A Redis server that can be killed and started again at the same address. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the `redis-server` of this machine on loopback.
 *
 * @param durable - keeps the data when the server gets killed. By default, the data is then gone.
 */
export async function startRedis({ durable = false }: { readonly durable?: boolean } = {}): Promise<RedisServer> {
  const program = findProgram("redis-server", "redis-server");
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const options = {
    port,
    bind: "127.0.0.1",
    save: "",
    appendonly: durable ? "yes" : "no",
    appendfsync: "always",
    dir: folder,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const start = () => startProcess(program, args, (output) => output.includes("Ready to accept connections"));
  let server: TestProcess | undefined = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
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
