// Interleaved timing: every variant runs in every round, in a new order, so that what else the machine does hits all alike.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";

/**
 * Medians over rounds, in nanoseconds for one call.
 *
 * @template {string} Name
 * @param {Record<Name, (calls: number) => unknown>} variants - each makes so many calls, one after the other.
 * @param {{ calls: number, rounds?: number, warmup?: number }} options
 * @returns {Promise<Record<Name, number>>}
 */
export async function measure(variants, { calls, rounds = 15, warmup = 3 }) {
  const names = /** @type {Name[]} */ (Object.keys(variants));
  const times = new Map(names.map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = -warmup; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + Math.max(round, 0)) % names.length];
      // After another variant, caches are cold. Nothing forces a collection: the compiler would have to start again.
      await variants[name](Math.ceil(calls / 10));
      const start = process.hrtime.bigint();
      await variants[name](calls);
      const time = Number(process.hrtime.bigint() - start) / calls;
      if (round >= 0) times.get(name).push(time);
    }
  }
  return /** @type {Record<Name, number>} */ (Object.fromEntries(names.map((name) => [name, median(times.get(name))])));
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The machine and the versions that a result belongs to. */
export function describeMachine() {
  const require = createRequire(import.meta.url);
  const version = (/** @type {string} */ name) => `${name} ${versionOf(require, name)}`;
  const packages = ["@bufbuild/protobuf", "@connectrpc/connect", "jose"].map(version).join(", ");
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}, ${packages}`;
}

function versionOf(require, name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")).version;
    } catch {}
  }
  return "?";
}

/**
 * One line of a result: what was measured, the ratio, and whether it is what was promised.
 *
 * @param {string} what
 * @param {number} ratio
 * @param {{ atMost?: number, atLeast?: number }} promise
 */
export function verdict(what, ratio, { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }) {
  const promised = atMost === Number.POSITIVE_INFINITY ? `≥ ${atLeast}` : `≤ ${atMost}`;
  const met = ratio <= atMost && ratio >= atLeast ? "met" : "MISSED";
  console.log(`  ${met.padEnd(7)}${what}: ${ratio.toFixed(2)} (promised ${promised})`);
}
