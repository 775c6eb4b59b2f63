import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { startProcess } from "../servers/child-process.js";
import { startHttpServer } from "../servers/http-server.js";
import { type RedisServer, startRedis } from "../servers/redis-server.js";
import { type Answer, createTally, startLoad, type Tally, tallyCall, until } from "./load.js";

/** How long a session is remembered, in milliseconds. */
const ttl = 2_000;

/** Two instances of one service, their sessions, and the Redis that they share. */
export interface RedisScene {
  readonly redis: RedisServer;
  /** How often a session has been looked up where it is kept. */
  readonly verifications: number;
  /** A call to one of the two instances by a session. `session-ada` is ada's; any other token is nobody's. */
  call(instance: 0 | 1, token: string): Promise<Answer>;
  stop(): Promise<void>;
}

const serverFile = fileURLToPath(new URL("../../dist/faults/session-server.js", import.meta.url));

export async function startRedisScene(): Promise<RedisScene> {
  let verifications = 0;
  const sessions = await startHttpServer((request, response) => {
    verifications++;
    const [, subject] = /^\/session-([\w-]+)$/.exec(request.url ?? "") ?? [];
    response.statusCode = subject === undefined ? 404 : 200;
    response.end(JSON.stringify({ subject }));
  });
  const redis = await startRedis();
  const instances = await Promise.all(
    [0, 1].map(() =>
      startProcess(process.execPath, [serverFile, redis.url, sessions.url, String(ttl)], (out) =>
        out.includes("ready"),
      ),
    ),
  );
  const echoes = instances.map(({ output }) => {
    const baseUrl = /^ready (\S+)$/m.exec(output())?.[1] ?? "";
    return createClient(EchoService, createGrpcTransport({ baseUrl }));
  });
  const scene: RedisScene = {
    redis,
    get verifications() {
      return verifications;
    },
    call(instance, token) {
      const echo = echoes[instance] as (typeof echoes)[number];
      return echo.unary({ text: "x" }, { headers: { authorization: `Bearer ${token}` }, timeoutMs: 5_000 });
    },
    async stop() {
      await Promise.all(instances.map((instance) => instance.stop()));
      for (const { output } of instances) {
        if (/unhandled/.test(output())) throw new Error(`a server ended:\n${output()}`);
      }
      await Promise.all([redis.stop(), sessions.stop()]);
    },
  };
  // An instance that has just started connects to Redis first.
  await until(async () => (await shareSessions(scene, `start-${Date.now()}`, 1)).verifications === 1, 10_000);
  return scene;
}

export interface SharingReport {
  readonly tally: Tally;
  /** Look-ups of sessions that neither instance had seen, each shown to one and then to the other. */
  readonly verifications: number;
}

/** Shows sessions to one instance and then to the other. */
export async function shareSessions(scene: RedisScene, prefix: string, count: number): Promise<SharingReport> {
  const before = scene.verifications;
  const tally = createTally();
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const subject = `${prefix}-${i}`;
      await tallyCall(tally, subject, () => scene.call(0, `session-${subject}`));
      // The answer does not wait for the store.
      await sleep(200);
      await tallyCall(tally, subject, () => scene.call(1, `session-${subject}`));
    }),
  );
  return { tally, verifications: scene.verifications - before };
}

export interface RedisOutageReport {
  readonly known: Tally;
  /** Calls by tokens that are nobody's. */
  readonly forged: Tally;
  /** The slowest call, in milliseconds. */
  readonly slowest: number;
}

/** Kills Redis and starts it again, several times, while callers call both instances. */
export async function flapRedisUnderLoad(scene: RedisScene, times: number): Promise<RedisOutageReport> {
  let slowest = 0;
  const timed = async (call: () => Promise<Answer>) => {
    const start = Date.now();
    try {
      return await call();
    } finally {
      slowest = Math.max(slowest, Date.now() - start);
    }
  };
  const subjects = Array.from({ length: 40 }, (_, i) => `caller-${i}`);
  const known = startLoad(
    subjects,
    (subject, nth) => timed(() => scene.call((nth % 2) as 0 | 1, `session-${subject}`)),
    30,
  );
  const forged = startLoad(
    ["nobody"],
    (_, nth) => timed(() => scene.call((nth % 2) as 0 | 1, nth % 4 < 2 ? "forged" : `forged-${nth}`)),
    20,
  );
  for (let i = 0; i < times; i++) {
    await sleep(800);
    await scene.redis.kill();
    await sleep(1_500);
    await scene.redis.restart();
  }
  await sleep(1_500);
  const tallies = await Promise.all([known.stop(), forged.stop()]);
  return { known: tallies[0], forged: tallies[1], slowest };
}
