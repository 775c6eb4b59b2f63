// Compares the plugin's process with protoc-gen-es on the same request, and with a bare `node -e 0`.
//
//     node bench/generate/run.js [rounds] [largest]
//
// `rounds` is how often each small request is run; `largest` is the number of RPCs of the last growth step.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRequests } from "./request.js";

const rounds = Number(process.argv[2] ?? 15);
const largest = Number(process.argv[3] ?? 100_000);
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

/** Prints a row as soon as it is measured: the large ones take minutes. */
function report(row) {
  console.log(
    Object.entries(row)
      .map(([name, value]) => `${name} ${value}`)
      .join(" | "),
  );
}

try {
  for (const rpcs of [10, 1_000, 10_000]) {
    const request = createRequests(rpcs);
    for (const target of ["ts", "js+dts"]) {
      const input = request(`target=${target}`);
      const [bare, us, es] = compare(
        [["-e", "0"], [ours], [theirs]],
        input,
        Math.max(1, Math.floor(rounds / Math.log10(rpcs) ** 2)),
      );
      report({
        RPCs: rpcs,
        target,
        "request MB": (input.length / 2 ** 20).toFixed(1),
        "node -e 0 ms": bare.time.toFixed(0),
        "ours ms": us.time.toFixed(0),
        "protoc-gen-es ms": es.time.toFixed(0),
        "ours / node": (us.time / bare.time).toFixed(2),
        "ours / es": (us.time / es.time).toFixed(3),
        "ours MB": us.memory.toFixed(0),
        "es MB": es.memory.toFixed(0),
        "memory / es": (us.memory / es.memory).toFixed(2),
      });
    }
  }
  console.log("\nGrowth, target=ts:");
  for (const rpcs of [largest / 8, largest / 4, largest / 2, largest]) {
    const input = createRequests(rpcs)("target=ts");
    const [bare, us] = compare([["-e", "0"], [ours]], input, 3);
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
