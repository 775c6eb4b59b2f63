import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "../servers/redis-server.js";
import { Timeline } from "./timeline.js";

/**
 * How the store fails.
 *
 * - `killed`: the process is gone, and its port is closed.
 * - `hang`: connections stay open, and nothing comes back.
 * - `reset`: each connection is cut at its first byte.
 * - `drip`: each byte takes 20 ms.
 * - `read-only`: reads succeed, writes are answered with an error, as by a replica after a failover.
 * - `loading`: every command is answered with an error, as by a replica without its primary.
 */
export const storeFaults = ["killed", "hang", "reset", "drip", "read-only", "loading"] as const;
export type StoreFault = (typeof storeFaults)[number];

/** A real Redis behind a wire that can fail. It keeps its data when it gets killed. */
export interface FaultyStore {
  readonly url: string;
  readonly health: Timeline<"well" | StoreFault>;
  behave(how: "well" | StoreFault): Promise<void>;
  stop(): Promise<void>;
}

export async function startFaultyStore(): Promise<FaultyStore> {
  const redis = await startRedis({ durable: true });
  const health = new Timeline<"well" | StoreFault>("well");
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    if (health.current === "killed") {
      client.destroy();
      return;
    }
    const upstream = connect(redis.port, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    forward(client, upstream);
    forward(upstream, client);
  });

  function forward(from: Socket, to: Socket): void {
    // One after the other: slow bytes must not be overtaken.
    let last = Promise.resolve();
    from.on("data", (bytes) => {
      last = last.then(() => pass(bytes, to));
    });
  }

  async function pass(bytes: Buffer, to: Socket): Promise<void> {
    const how = health.current;
    if (how === "hang") return;
    if (how === "reset") to.destroy();
    else if (how === "drip") await drip(bytes, to);
    else to.write(bytes);
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  /** Sends commands to the Redis itself, past the wire. */
  async function command(...lines: string[]): Promise<void> {
    const socket = connect(redis.port, "127.0.0.1");
    await once(socket, "connect");
    let replies = "";
    socket.on("data", (bytes: Buffer) => {
      replies += bytes;
    });
    socket.write(lines.map((line) => `${line}\r\n`).join(""));
    while (replies.split("\r\n").length <= lines.length) await once(socket, "data");
    socket.destroy();
    if (replies.includes("-")) throw new Error(`Redis answered ${JSON.stringify(replies)}`);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    health,
    async behave(how) {
      if (how !== "well") {
        health.set(how);
        if (how === "killed") await redis.kill();
        if (how === "read-only" || how === "loading") {
          const stale = how === "read-only" ? "yes" : "no";
          await command(`CONFIG SET replica-serve-stale-data ${stale}`, "REPLICAOF 127.0.0.1 1");
        }
        return;
      }
      const before = health.current;
      if (before === "killed") await redis.restart();
      if (before === "read-only" || before === "loading") await command("REPLICAOF NO ONE");
      health.set("well");
      // A connection on which bytes were lost is of no use any more.
      cut();
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await redis.stop();
    },
  };
}

async function drip(bytes: Buffer, to: Socket): Promise<void> {
  for (const byte of bytes) {
    if (to.destroyed) return;
    to.write(Uint8Array.of(byte));
    await sleep(20, undefined, { ref: false });
  }
}
