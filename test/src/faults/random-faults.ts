import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  callByDeadCredentials,
  callByForgeries,
  callBySessions,
  callByTokens,
  callOtherMethods,
  leaveStreams,
  type Scene,
  signByRemovedKeys,
} from "./callers.js";
import {
  breakClock,
  breakEndpoint,
  breakStore,
  FaultCount,
  flood,
  quieten,
  revokeSome,
  rotateKeys,
  type Stage,
} from "./fault-actors.js";
import { startFaultyEndpoint } from "./faulty-endpoint.js";
import { audience, startFaultyIssuer } from "./faulty-issuer.js";
import { startFaultyStore } from "./faulty-store.js";
import { settling } from "./oracle.js";
import { createRandom } from "./random.js";
import { startServerInstance } from "./server-instance.js";
import { Tallies } from "./tallies.js";
import { Timeline } from "./timeline.js";
import { createWires } from "./wire.js";
import type { Session, World } from "./world.js";

/** Long enough for the memory to tell, in milliseconds. */
const longRun = 10 * 60_000;

/**
 * Lets callers of all kinds call two instances, while the key endpoints of two issuers, the sessions service, the store and
 * the clocks fail at random, keys rotate and credentials get revoked. Prints what was wrong.
 *
 * @param duration - in milliseconds.
 * @returns whether nothing was.
 */
export async function runRandomFaults(duration: number, seed: number): Promise<boolean> {
  const start = Date.now();
  const naming = createRandom(seed, "names of keys");
  const issuers = [
    await startFaultyIssuer("https://a.test", () => "distinct"),
    await startFaultyIssuer("https://b.test", () => naming.pick(["reused", "nameless", "distinct"] as const)),
  ] as const;
  const [a, b] = issuers;
  const known = new Map<string, Session>();
  const sessions = await startFaultyEndpoint(
    (path) => {
      const session = known.get(path.slice(1));
      return session === undefined
        ? { status: 404, body: "{}" }
        : { body: JSON.stringify({ subject: session.subject }) };
    },
    () => "{}",
  );
  const store = await startFaultyStore();
  const instances = await Promise.all(
    [0, 1].map((number) =>
      startServerInstance(number, {
        issuers: issuers.map(({ issuer, jwksUri }) => ({ issuer, jwksUri: jwksUri(number) })),
        audience,
        storeUrl: store.url,
        sessionsUrl: sessions.url,
      }),
    ),
  );
  const floods = new Map([
    [a, new Timeline(false)],
    [b, new Timeline(false)],
  ]);
  const world: World = {
    issuers,
    sessions,
    store,
    instances,
    revocations: new Map(),
    floods,
    stalls: new Timeline(false),
  };
  const stalls = watchForStalls(world.stalls);
  const ways = instances.map(({ http1Url, http2Url }) => createWires(http1Url, http2Url));
  const tallies = new Tallies();
  const scene: Scene = {
    world,
    tallies,
    wires: ways.map(({ wires }) => wires),
    seed,
    live: new Set(),
    dead: [],
    sessions: known,
    away: new Set(),
    isOver: false,
  };
  const callers = [
    ...issuers.flatMap((issuer) => Array.from({ length: 8 }, (_, nth) => callByTokens(scene, issuer, nth))),
    ...Array.from({ length: 5 }, (_, nth) => callBySessions(scene, nth)),
    ...Array.from({ length: 8 }, (_, nth) => callByDeadCredentials(scene, nth)),
    ...Array.from({ length: 4 }, (_, nth) => callByForgeries(scene, nth)),
    signByRemovedKeys(scene),
    leaveStreams(scene),
    callOtherMethods(scene, instances),
  ];
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const count = new FaultCount();
  const stage: Stage = { scene, count, end: end.signal };
  const actors = [
    ...issuers.flatMap((issuer, i) => [
      breakEndpoint(stage, issuer.issuer, issuer.endpoint),
      rotateKeys(stage, issuer),
      flood(stage, issuer, issuers[1 - i] ?? a, floods.get(issuer) as Timeline<boolean>),
    ]),
    breakEndpoint(stage, "sessions", sessions, ["closed", "hang", "reset", "garbage", "drip", "500"]),
    breakStore(stage),
    ...instances.map((instance) => breakClock(stage, instance)),
    quieten(stage),
    revokeSome(stage),
  ];

  const memory: number[][] = [];
  async function measure(): Promise<string> {
    const replies = await Promise.all(instances.map((instance) => instance.measure()));
    const heaps = replies.map(({ memory }) => (memory?.heap ?? 0) / 1e6);
    memory.push(heaps);
    const sizes = replies.map(({ memory }, i) => `${heaps[i]?.toFixed(1)} (${((memory?.rss ?? 0) / 1e6).toFixed(0)})`);
    return `heap (resident) ${sizes.join(" and ")} MB`;
  }
  const faultsNow = () =>
    [
      ...issuers.map(({ issuer, endpoint }) => `${issuer} ${endpoint.health.current}`),
      `sessions ${sessions.health.current}`,
      `store ${store.health.current}`,
      ...instances.map(({ number, clock }) => `clock ${number} ${Math.round(clock.current.high / 1_000)} s`),
    ].join(", ");

  let lastLine = start;
  while (Date.now() - start < duration) {
    await sleep(Math.min(10_000, duration / 8));
    const sizes = await measure();
    if (Date.now() - lastLine < 30_000) continue;
    lastLine = Date.now();
    const minutes = ((lastLine - start) / 60_000).toFixed(1);
    console.log(`minute ${minutes}: ${tallies.calls} calls, ${tallies.wrong} wrong; ${sizes}; ${faultsNow()}`);
  }
  end.abort();
  await Promise.all(actors);
  console.log(`The faults are over; ${(settling / 1_000).toFixed(1)} s to recover, then everything has to be well`);
  const before = tallies.wrong;
  await sleep(settling + 3_000);
  const recovered = tallies.wrong - before;
  scene.isOver = true;
  await Promise.all(callers);
  console.log(await measure());

  let wrong = tallies.wrong;
  console.log(`\n${[...count.counts].map(([name, times]) => `${name} ${times}`).join("; ")}\n`);
  tallies.print();
  for (const { number, measure, output } of instances) {
    const { rejections = 0, lateHandlers = 0 } = await measure();
    console.log(
      `instance ${number}: ${rejections} unhandled rejections, ${lateHandlers} handlers that started for callers who had left`,
    );
    if (rejections > 0) console.log(output());
    wrong += rejections + lateHandlers;
  }
  for (const { issuer, endpoint } of issuers) {
    const connections = await endpoint.connections();
    console.log(`${issuer}: ${endpoint.requests} requests at the key endpoint, ${connections} connections open`);
    if (connections > 10) wrong++;
  }
  const flat = instances.map((_, i) =>
    isFlat(
      memory.map((heaps) => heaps[i] as number),
      `instance ${i}`,
    ),
  );
  if (duration >= longRun && flat.includes(false)) wrong++;
  console.log(
    `${tallies.calls} calls in ${((Date.now() - start) / 60_000).toFixed(1)} minutes, slowest ${tallies.slowest} ms; wrong: ${wrong}, ${recovered} of them after the last fault; seed ${seed}`,
  );
  console.log(`the machine was too busy ${stalls.stop()} times`);
  for (const { close } of ways) close();
  for (const instance of instances) instance.stop();
  await Promise.all([store.stop(), sessions.stop(), a.stop(), b.stop()]);
  return wrong === 0;
}

/** Notes when a timer of the driver was late by more than 300 ms. */
function watchForStalls(stalls: Timeline<boolean>): { stop(): number } {
  let count = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const late = performance.now() - last - 50;
    last = performance.now();
    if (late < 300) return;
    count++;
    stalls.set(true);
    stalls.set(false);
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return count;
    },
  };
}

/** Compares the halves of a run, without its first quarter. */
function isFlat(samples: readonly number[], name: string): boolean {
  const settled = samples.slice(Math.floor(samples.length / 4));
  const half = Math.floor(settled.length / 2);
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
  const [first, second] = [mean(settled.slice(0, half)), mean(settled.slice(half))];
  const flat = second <= first * 1.1 + 2;
  console.log(
    `${name}: heap ${first.toFixed(1)} MB in the first half, ${second.toFixed(1)} MB in the second: ${flat ? "flat" : "it grows"}`,
  );
  return flat;
}
