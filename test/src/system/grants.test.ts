import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient as createRpcClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createClient } from "@keyv/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcome } from "../authorization/callers.js";
import { DocumentService } from "../gen/tenancy/v1/tenancy_pb.js";
import { startProcess, type TestProcess } from "../servers/child-process.js";
import { type RedisServer, startRedis } from "../servers/redis-server.js";
import { asCaller } from "../support/tenancy.js";

const program = fileURLToPath(new URL("../../dist/system/grants-server.js", import.meta.url));

/** Milliseconds: long enough for a loaded machine to answer within it. */
const ttl = 1_000;

async function startServer(redis: RedisServer, staleTtl: number, ownTtl = ttl) {
  const args = [program, redis.url, String(ownTtl), String(staleTtl)];
  const server: TestProcess = await startProcess(process.execPath, args, (output) => output.includes("ready"));
  const baseUrl = /ready (\S+)/.exec(server.output())?.[1] ?? "";
  const client = createRpcClient(DocumentService, createGrpcTransport({ baseUrl }));
  const call = (subject: string, method: "read" | "write" = "read") =>
    outcome(client[method]({}, { headers: asCaller({ subject, roles: ["editor"] }) }));
  async function questions(): Promise<number> {
    const before = server.output().length;
    process.kill(server.pid, "SIGUSR2");
    await expect.poll(() => server.output().slice(before), { timeout: 10_000 }).toMatch(/questions \d+\n/);
    return Number(/questions (\d+)/.exec(server.output().slice(before))?.[1]);
  }
  return { call, questions, stop: () => server.stop("SIGKILL") };
}

describe("two servers that find permissions in one Redis", () => {
  let redis: RedisServer;
  let editor: ReturnType<typeof createClient>;
  let strict: Awaited<ReturnType<typeof startServer>>;
  let lenient: typeof strict;

  async function setRole(...permissions: string[]): Promise<void> {
    await editor.del("role:editor");
    if (permissions.length > 0) await editor.sAdd("role:editor", permissions);
  }

  beforeAll(async () => {
    redis = await startRedis({ durable: true });
    editor = createClient({ url: redis.url });
    editor.on("error", () => {});
    await editor.connect();
    strict = await startServer(redis, 0);
    lenient = await startServer(redis, 60_000);
  });
  afterAll(async () => {
    editor?.destroy();
    await Promise.all([strict?.stop(), lenient?.stop()]);
    await redis?.stop();
  });

  const everywhere = (subject: string, method?: "read" | "write") =>
    Promise.all([strict.call(subject, method), lenient.call(subject, method)]);

  test("an edited role takes effect within `ttl` on both", async () => {
    await setRole("docs.read");
    expect(await everywhere("ada")).toEqual(["ok", "ok"]);
    expect(await everywhere("ada", "write")).toEqual(["PermissionDenied", "PermissionDenied"]);
    await setRole("docs.read", "docs.write");
    await sleep(ttl + 50);
    expect(await everywhere("ada", "write")).toEqual(["ok", "ok"]);
    await setRole();
    await sleep(ttl + 50);
    expect(await everywhere("ada")).toEqual(["PermissionDenied", "PermissionDenied"]);
  });

  test("while Redis is away nothing widens, and nothing stays shut when it is back", async () => {
    await setRole("docs.read");
    await sleep(ttl + 50);
    expect(await everywhere("ada")).toEqual(["ok", "ok"]);
    await redis.kill();
    await sleep(ttl + 50);
    // Without `staleTtl` the call is unavailable; with it, the last answer counts. Neither can write.
    expect(await everywhere("ada")).toEqual(["Unavailable", "ok"]);
    expect(await everywhere("ada", "write")).toEqual(["Unavailable", "PermissionDenied"]);
    // A caller without a last answer is unavailable on both.
    expect(await everywhere("bob")).toEqual(["Unavailable", "Unavailable"]);
    await redis.restart();
    // The client of Redis connects again by itself; the function is called again after a second.
    await expect.poll(() => everywhere("bob"), { timeout: 20_000 }).toEqual(["ok", "ok"]);
    expect(await everywhere("bob", "write")).toEqual(["PermissionDenied", "PermissionDenied"]);
  });

  test("10,000 callers are one question each", async () => {
    const subjects = Array.from({ length: 10_000 }, (_, i) => `caller-${i}`);
    const server = await startServer(redis, 0, 3_600_000);
    try {
      // Waves, since a connection carries a hundred streams at a time.
      for (let i = 0; i < subjects.length; i += 500) {
        const wave = subjects.slice(i, i + 500);
        // Some call twice at once.
        const answers = await Promise.all([...wave, ...wave.slice(0, 50)].map((subject) => server.call(subject)));
        expect(new Set(answers)).toEqual(new Set(["ok"]));
      }
      expect(await server.questions()).toBe(10_000);
    } finally {
      await server.stop();
    }
  });
});
