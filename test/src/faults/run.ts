// Replays every outage, and then lets everything fail at random: `npm run test:faults -- --minutes 30 --seed 42`.
// Prints what was lost, let in or refused by mistake. Exits with 1 where that is anything at all.
import { parseArgs } from "node:util";
import { describeTally, type Tally } from "./load.js";
import { keySetTimes, outliveOutage, rotateUnderLoad, startOpenIdScene } from "./openid-outages.js";
import { runRandomFaults } from "./random-faults.js";
import { flapRedisUnderLoad, shareSessions, startRedisScene } from "./redis-outages.js";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "0.75" }, seed: { type: "string" } } });
const duration = Number(values.minutes) * 60_000;
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(duration > 0) || !Number.isSafeInteger(seed)) {
  console.error("--minutes N --seed N");
  process.exit(2);
}

let lost = 0;
let calls = 0;

/** Prints what became of calls that all had to succeed, or all had to fail with one code. */
function report(what: string, tally: Tally, want: "ok" | "Unavailable" | "Unauthenticated" = "ok"): void {
  const wanted = want === "ok" ? tally.ok : (tally.failed.get(want) ?? 0);
  calls += tally.calls;
  lost += tally.calls - wanted;
  console.log(`  ${what}: ${describeTally(tally)}; lost: ${tally.calls - wanted || "nothing"}`);
}

process.on("unhandledRejection", (error) => {
  lost++;
  console.error("  unhandled rejection:", error);
});

const openid = await startOpenIdScene(50);
try {
  console.log("An OpenID provider changes its key five times while 50 clients call");
  report("valid tokens", await rotateUnderLoad(openid, 5));
  for (const how of ["closed", "failing", "hanging"] as const) {
    const duration = 5 * keySetTimes.maxAge;
    console.log(`Its key endpoint is ${how} for ${duration} ms; the key set may be ${keySetTimes.maxAge} ms old`);
    const { known, unseen, keyRequestsDuring, recoveredAfter, keyRequestsAfter } = await outliveOutage(
      openid,
      how,
      duration,
    );
    report("valid tokens by known keys", known);
    report("tokens by a key that was never seen", unseen, "Unavailable");
    console.log(
      `  requests at the key endpoint: ${keyRequestsDuring} while it was away, ${keyRequestsAfter} after; recovered after ${recoveredAfter} ms`,
    );
  }
} finally {
  await openid.stop();
}

const redis = await startRedisScene();
try {
  console.log("Redis is killed and restarted five times while 40 callers call two instances");
  const { known, forged, slowest } = await flapRedisUnderLoad(redis, 5);
  report("valid sessions", known);
  report("made-up sessions", forged, "Unauthenticated");
  console.log(`  slowest call: ${slowest} ms`);
  console.log("Redis is away");
  await redis.redis.kill();
  report("sessions that no instance has seen", (await shareSessions(redis, "away", 40)).tally);
} finally {
  await redis.stop();
}

console.log(`\n${calls} calls; lost: ${lost || "nothing"}`);

console.log(`\nEverything fails at random for ${duration / 60_000} minutes, seed ${seed}`);
const isRight = await runRandomFaults(duration, seed);
process.exit(lost === 0 && isRight ? 0 : 1);
