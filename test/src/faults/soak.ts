// Full load for minutes, with everything going wrong that can: `npm run test:soak -- --minutes 15`.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createAuth, createRevocations, jwt } from "@connectum/auth";
import KeyvRedis from "@keyv/redis";
import Keyv from "keyv";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { audience, startOpenIdProvider } from "../parts/openid-provider.js";
import { startRedis } from "../parts/redis-server.js";
import { startLab } from "../support/lab.js";
import { type Answer, describeTally, type Load, startLoad } from "./load.js";
import { keySetTimes } from "./openid-outages.js";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "15" } } });
const duration = Number(values.minutes) * 60_000;
if (!(duration > 0)) throw new TypeError("--minutes: expected a number above 0");

/** How long a token lives and how often it is renewed, in milliseconds. */
const [tokenLifetime, renewal] = [8_000, 5_000];
const subjects = Array.from({ length: 30 }, (_, i) => `client-${i}`);

let rejections = 0;
process.on("unhandledRejection", (error) => {
  rejections++;
  console.error("unhandled rejection:", error);
});

const provider = await startOpenIdProvider([...subjects, "expiring"], tokenLifetime / 1_000);
const redis = await startRedis();
const keyv = () => {
  const store = new Keyv({ store: new KeyvRedis(redis.url), useKeyPrefix: false });
  store.on("error", () => {});
  return store;
};
const stores = [keyv(), keyv()] as const;
const auth = createAuth({
  policies: [EchoServicePolicy],
  authenticate: jwt({
    jwksUri: provider.jwksUri,
    issuer: provider.issuer,
    audience,
    jwks: keySetTimes,
    cache: {
      ttl: 3_000,
      maxSize: 500,
      store: stores[0],
      secret: "a secret that the soak makes up now",
      storeTimeout: 100,
    },
  }),
  revocations: createRevocations({ store: stores[1], interval: 1_000, ttl: 60_000, storeTimeout: 100 }),
});
await auth.warmUp();
const lab = await startLab(auth);
const echoes = (["connect", "grpc", "grpc-web", "connect-h1"] as const).map((name) =>
  createClient(EchoService, lab.transports[name]),
);
const echo = (nth: number) => echoes[nth % echoes.length] as (typeof echoes)[number];

const tokens = new Map<string, { token: string; until: number }>();
async function headersOf(subject: string): Promise<{ authorization: string }> {
  let current = tokens.get(subject);
  if (current === undefined || Date.now() > current.until) {
    current = { token: await provider.issueToken(subject), until: Date.now() + renewal };
    tokens.set(subject, current);
  }
  return { authorization: `Bearer ${current.token}` };
}

/** A stream that the client leaves in the middle. */
async function leave(subject: string, nth: number): Promise<Answer> {
  const aborted = new AbortController();
  const headers = await headersOf(subject);
  let answer: Answer = { subject: "", current: "" };
  for await (const message of echo(nth).serverStream({ text: "x" }, { headers, signal: aborted.signal })) {
    answer = message;
    break;
  }
  aborted.abort();
  return answer;
}

/**
 * A stream that is open when its token expires: it must end, and with the right word. Not over gRPC: where a stream ends with
 * an error while its client is still sending, connect-node keeps 64 kB until the session is closed, whoever throws.
 */
async function outstay(): Promise<Answer> {
  const headers = { authorization: `Bearer ${await provider.issueToken("expiring")}` };
  async function* questions() {
    for (const start = Date.now(); Date.now() - start < tokenLifetime * 2; ) {
      yield { text: "x" };
      await sleep(500);
    }
  }
  let answer: Answer = { subject: "", current: "" };
  for await (const message of echoes[0]?.bidiStream(questions(), { headers }) ?? []) answer = message;
  return answer;
}

const loads: Record<string, Load> = {
  "unary calls": startLoad(
    subjects,
    async (subject, nth) => echo(nth).unary({ text: "x" }, { headers: await headersOf(subject) }),
    5,
  ),
  // At most 16 a second: a session whose client resets more than 33 streams a second is closed by Node's HTTP/2 library,
  // which takes that for an attack (CVE-2023-44487), with every call in it.
  "streams that the client leaves": startLoad(subjects.slice(0, 10), leave, 600),
  "streams that outstay their token": startLoad(["expiring"], outstay, 100),
  "made-up tokens": startLoad(
    ["nobody"],
    (_, nth) => echo(nth).unary({ text: "x" }, { headers: { authorization: `Bearer made.up.${nth}` } }),
    20,
  ),
  "no tokens": startLoad(["nobody"], (_, nth) => echo(nth).unary({ text: "x" }), 20),
};

const memory: { minute: number; heap: number; rss: number }[] = [];
const start = Date.now();
let [rotations, flaps, outages] = [0, 0, 0];
const faults = (async () => {
  for (let tick = 1; Date.now() - start < duration; tick++) {
    await sleep(2_500);
    if (tick % 4 === 1) {
      await provider.rotate();
      rotations++;
    } else if (tick % 4 === 3) {
      await redis.kill();
      await sleep(1_000);
      await redis.restart();
      flaps++;
    } else if (tick % 12 === 2) {
      // Between two changes of the key, long enough after the one and before the other: a token by a key that appears
      // while the endpoint is away, or still left alone after its failures, is answered with `unavailable`, and rightly.
      await sleep(5_000);
      provider.behave("failing");
      await sleep(keySetTimes.maxAge * 1.5);
      provider.behave("well");
      outages++;
    }
  }
})();
while (Date.now() - start < duration) {
  await sleep(Math.min(30_000, Math.max(1_000, duration / 10)));
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const sample = {
    minute: Math.round((Date.now() - start) / 600) / 100,
    heap: Math.round(heapUsed / 1e5) / 10,
    rss: Math.round(rss / 1e5) / 10,
  };
  memory.push(sample);
  console.log(`minute ${sample.minute}: heap ${sample.heap} MB, rss ${sample.rss} MB`);
}
await faults;

let wrong = rejections;
const wanted: Record<string, string> = {
  "streams that outstay their token": "Unauthenticated",
  "made-up tokens": "Unauthenticated",
  "no tokens": "Unauthenticated",
};
for (const [name, load] of Object.entries(loads)) {
  const tally = await load.stop();
  const want = wanted[name];
  const right = want === undefined ? tally.ok : (tally.failed.get(want) ?? 0);
  wrong += tally.calls - right;
  console.log(`${name}: ${describeTally(tally)}; wrong: ${tally.calls - right}`);
}
console.log(`${rotations} rotations, ${outages} outages of the key endpoint, ${flaps} restarts of Redis`);
console.log(`${provider.keyRequests} requests at the key endpoint, ${rejections} unhandled rejections`);
const settled = memory.slice(Math.floor(memory.length / 4)).map(({ heap }) => heap);
const half = Math.floor(settled.length / 2);
const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
console.log(
  `heap after warm-up: ${mean(settled.slice(0, half)).toFixed(1)} MB in the first half, ${mean(settled.slice(half)).toFixed(1)} MB in the second`,
);
await lab.close();
await Promise.all(stores.map((store) => store.disconnect()));
await Promise.all([provider.stop(), redis.stop()]);
process.exit(wrong === 0 ? 0 : 1);
