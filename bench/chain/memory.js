// Bytes that a call allocates, and that it leaves behind. Run by index.js, in a process whose young generation is large.
import { PerformanceObserver } from "node:perf_hooks";
import { verdict } from "../support/measure.js";
import { calls, ours, sign } from "./callers.js";

const token = await sign(0);
let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ["gc"] });
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Growth of the heap over so many calls. */
async function growth(run, count, { collected }) {
  globalThis.gc();
  await settle();
  const before = process.memoryUsage().heapUsed;
  collections = 0;
  await run(count);
  if (collected) globalThis.gc();
  const grown = process.memoryUsage().heapUsed - before;
  await settle();
  if (!collected && collections > 0) throw new Error("something was collected while it was counted");
  return grown;
}

async function allocated(run) {
  await run(20_000);
  const count = 20_000;
  return (await growth(run, count, { collected: false })) / count;
}

const guarded = calls(ours(), () => token);
const without = await allocated(calls([], () => token));
const withAuth = await allocated(guarded);
console.log(
  `  ${(withAuth - without).toFixed(0)} bytes allocated for a call, on top of ${without.toFixed(0)} without interceptors`,
);
const kept = await growth(guarded, 1_000_000, { collected: true });
verdict("bytes kept for each of a million calls", Math.max(kept, 0) / 1_000_000, { atMost: 0.1 });
