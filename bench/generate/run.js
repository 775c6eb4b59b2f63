// Compares the plugin's process with protoc-gen-es on the same request, and with a bare `node -e 0`.
//
//     node bench/generate/run.js [rounds] [largest]
//
// `rounds` is how often each request is run, of which the median counts; `largest` is the number of RPCs of the last
// growth step. Behind each ratio stands its limit.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRequests } from "./request.js";

const rounds = Number(process.argv[2] ?? 9);
const largest = Number(process.argv[3] ?? 25_000);
/** What a run may take, as ratios: of the start of Node, and of the time and memory of protoc-gen-es. */
const limits = { 10: { node: 2, es: 0.33 }, 1000: { es: 0.25 }, 10000: { es: 0.2, memory: 0.67 } };
const require = createRequire(import.meta.url);
const ours = fileURLToPath(new URL("../../plugin/bin/protoc-gen-connectum-auth", import.meta.url));
const theirs = require.resolve("@bufbuild/protoc-gen-es/bin/protoc-gen-es");
const folder = mkdtempSync(join(tmpdir(), "connectum-bench-"));
const peakFile = join(folder, "peak");
const peakHook = join(folder, "peak.cjs");
writeFileSync(
  peakHook,
  `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(peakFile)}, String(process.resourceUsage().maxRSS)));`,
);

/** Runs a process to its end; milliseconds. */
function time(args, input) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { input, maxBuffer: 2 ** 31 });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** Peak resident memory of a process; megabytes. */
function peak(args, input) {
  time(["--require", peakHook, ...args], input);
  return Number(readFileSync(peakFile, "utf8")) / 1024;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Measures commands in turn, so that a noisy machine disturbs them alike. */
function compare(commands, input, count) {
  const times = commands.map(() => []);
  for (let round = 0; round < count; round++) {
    for (const [index, command] of commands.entries()) times[index].push(time(command, input));
  }
  return commands.map((command, index) => ({
    time: median(times[index]),
    memory: peak(command, input),
  }));
}

/** A ratio, and its limit where it has one. */
function ratio(value, limit) {
  return value.toFixed(2) + (limit === undefined ? "" : ` (at most ${limit})`);
}

/** Prints a row as soon as it is measured: the large ones take minutes. */
function report(row) {
  console.log(
    Object.entries(row)
      .map(([name, value]) => `${name} ${value}`)
      .join(" | "),
  );
}

try {
  for (const [rpcs, limit] of Object.entries(limits).map(([key, value]) => [Number(key), value])) {
    const request = createRequests(rpcs);
    for (const target of ["ts", "js+dts"]) {
      const input = request(`target=${target}`);
      const [bare, us, es] = compare([["-e", "0"], [ours], [theirs]], input, rounds);
      report({
        RPCs: rpcs,
        target,
        "request MB": (input.length / 2 ** 20).toFixed(1),
        "node -e 0 ms": bare.time.toFixed(0),
        "ours ms": us.time.toFixed(0),
        "protoc-gen-es ms": es.time.toFixed(0),
        "ours / node": ratio(us.time / bare.time, limit.node),
        "ours / es": ratio(us.time / es.time, limit.es),
        "ours MB": us.memory.toFixed(0),
        "es MB": es.memory.toFixed(0),
        "memory / es": ratio(us.memory / es.memory, limit.memory),
      });
    }
  }
  console.log("\nA condition of two comparisons for each method, target=ts:");
  {
    const [without, withConditions] = [false, true].map((conditions) =>
      createRequests(1_000, { conditions })("target=ts"),
    );
    const times = [[], []];
    for (let round = 0; round < rounds; round++) {
      for (const [index, input] of [without, withConditions].entries()) times[index].push(time([ours], input));
    }
    const [before, after] = times.map(median);
    report({
      RPCs: 1_000,
      "without ms": before.toFixed(0),
      "with ms": after.toFixed(0),
      ratio: ratio(after / before, 1.5),
    });
  }
  console.log("\nGrowth, target=ts:");
  for (const rpcs of [largest / 8, largest / 4, largest / 2, largest]) {
    const input = createRequests(rpcs)("target=ts");
    const [bare, us] = compare([["-e", "0"], [ours]], input, Math.min(rounds, 3));
    report({
      RPCs: rpcs,
      "request MB": (input.length / 2 ** 20).toFixed(0),
      "ours ms": us.time.toFixed(0),
      "µs per RPC": (((us.time - bare.time) * 1000) / rpcs).toFixed(1),
      "ours MB": us.memory.toFixed(0),
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}
