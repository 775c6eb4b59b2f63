import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcome } from "../authorization/callers.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { startProcess, type TestProcess } from "../servers/child-process.js";
import { type RedisServer, startRedis } from "../servers/redis-server.js";

const program = fileURLToPath(new URL("../../dist/system/streams-server.js", import.meta.url));

/** Streams in all, and callers, each with the same number of streams. */
const [total, callers] = [10_000, 100];
/** Milliseconds: the interval of the revocations, and the time between two messages of a stream. */
const [interval, period] = [1_000, 4_000];
/** Streams on one connection. */
const perConnection = 500;

interface Stream {
  readonly subject: string;
  readonly instance: number;
  /** When the server sent the last message. */
  sent: number;
  ended: string;
}

async function startInstance(redis: RedisServer) {
  const args = ["--expose-gc", program, redis.url, String(interval), String(period)];
  const server: TestProcess = await startProcess(process.execPath, args, (output) => output.includes("ready"));
  const [, port, control] = /ready (\d+) (\d+)/.exec(server.output()) ?? [];
  async function ask(path: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${control}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return Number(await response.text());
  }
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    output: server.output,
    heap: () => ask("/"),
    revoke: (subject: string) => ask(`/revoke?subject=${subject}`),
    stop: () => server.stop("SIGKILL"),
  };
}

describe(`${total} open streams on two instances with one Redis`, () => {
  let redis: RedisServer;
  let instances: Awaited<ReturnType<typeof startInstance>>[] = [];
  const streams: Stream[] = [];
  let memory = 0;

  beforeAll(async () => {
    redis = await startRedis();
    instances = [await startInstance(redis), await startInstance(redis)];
    const before = await Promise.all(instances.map(({ heap }) => heap()));
    for (const [i, { baseUrl }] of instances.entries()) {
      for (let opened = 0; opened < total / 2; opened += perConnection) {
        const client = createClient(EchoService, createGrpcTransport({ baseUrl }));
        const first = Array.from({ length: perConnection }, (_, j) => {
          const stream: Stream = { subject: `caller-${(opened + j) % callers}`, instance: i, sent: 0, ended: "" };
          streams.push(stream);
          const headers = { authorization: `Bearer ${stream.subject}` };
          return new Promise<void>((resolve) => {
            const messages = (async function* () {
              for await (const { text } of client.serverStream({ text: "" }, { headers })) {
                stream.sent = Number(text);
                resolve();
                yield;
              }
            })();
            outcome(messages).then((ended) => {
              stream.ended = ended;
              resolve();
            });
          });
        });
        await Promise.all(first);
      }
    }
    const after = await Promise.all(instances.map(({ heap }) => heap()));
    memory = after.reduce((sum, heap, i) => sum + heap - (before[i] ?? 0), 0) / total;
  }, 300_000);
  afterAll(async () => {
    await Promise.all(instances.map(({ stop }) => stop()));
    await redis?.stop();
  });

  const of = (subject: string) => streams.filter((stream) => stream.subject === subject);
  const others = (...subjects: string[]) => streams.filter(({ subject }) => !subjects.includes(subject));

  test("are all open", () => {
    expect(streams.filter(({ ended, sent }) => ended !== "" || sent === 0)).toEqual([]);
    // Most of it is the HTTP/2 stream and connect's handler. Far above, something would be kept for each message.
    expect(memory).toBeLessThan(200_000);
  });

  test("a revoked caller receives nothing after the interval, on both; all others go on", async () => {
    await instances[0]?.revoke("caller-1");
    const revoked = Date.now();
    await expect
      .poll(() => new Set(of("caller-1").map(({ ended }) => ended)), { timeout: 60_000 })
      .toEqual(new Set(["Unauthenticated"]));
    expect(of("caller-1")).toHaveLength(total / callers);
    await sleep(2 * period);
    // By the clock of the instance that sent it: within the interval, and a second for the look at open streams.
    const late = of("caller-1").filter(({ sent }) => sent > revoked + interval + 1_000);
    expect(late).toEqual([]);
    expect(others("caller-1").filter(({ ended }) => ended !== "")).toEqual([]);
    expect(others("caller-1").filter(({ sent }) => sent < revoked)).toEqual([]);
  }, 120_000);

  test("with Redis away streams go on, which is logged; when it is back, revocations end them again", async () => {
    await redis.kill();
    await sleep(3 * interval);
    const away = Date.now();
    await sleep(2 * period);
    expect(others("caller-1").filter(({ ended, sent }) => ended !== "" || sent < away)).toEqual([]);
    for (const { output } of instances) expect(output()).toMatch(/revocations.store: get (?:failed|did not answer)/);
    await redis.restart();
    await expect
      .poll(() => instances[1]?.revoke("caller-2").then(() => "revoked"), { timeout: 60_000, interval: 500 })
      .toBe("revoked");
    await expect
      .poll(() => new Set(of("caller-2").map(({ ended }) => ended)), { timeout: 60_000 })
      .toEqual(new Set(["Unauthenticated"]));
    expect(others("caller-1", "caller-2").filter(({ ended }) => ended !== "")).toEqual([]);
  }, 180_000);
});
