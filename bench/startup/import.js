// What importing the runtime adds to the start of a process that has connect and jose already, beside the import of
// connect itself. Each import runs in a fresh process, and all take turns.
//
//     [BASELINE=../checkout] node bench/startup/import.js [rounds]
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describeMachine, median, verdict } from "../support/measure.js";

const rounds = Number(process.argv[2] ?? 31);
const program = fileURLToPath(new URL("import-once.js", import.meta.url));
const peers = ["@connectrpc/connect", "jose"];
const builtIns = ["node:async_hooks", "node:buffer", "node:crypto", "node:net"];
const baseline = process.env.BASELINE && pathToFileURL(join(resolve(process.env.BASELINE), "runtime/dist/")).href;

// The first is imported while the others are loaded.
const variants = {
  "@connectrpc/connect": ["@connectrpc/connect", "jose"],
  "@connectum/auth": ["@connectum/auth", ...peers],
  "@connectum/auth, with node:http and node:http2 loaded": ["@connectum/auth", ...peers, "node:http", "node:http2"],
  "@connectum/auth/policy": ["@connectum/auth/policy", ...peers],
  "@connectum/auth/jwt": ["@connectum/auth/jwt", ...peers],
  "@connectum/auth/client": ["@connectum/auth/client", ...peers],
  ...Object.fromEntries(builtIns.map((name) => [name, [name, ...peers]])),
  ...(baseline && {
    "@connectum/auth, baseline": [`${baseline}index.js`, ...peers],
    "@connectum/auth/policy, baseline": [`${baseline}policy.js`, ...peers],
  }),
};

const times = new Map(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, args] of Object.entries(variants)) {
    times.get(name).push(JSON.parse(execFileSync(process.execPath, [program, ...args], { encoding: "utf8" })));
  }
}
const middle = (name, kind) => median(times.get(name).map((time) => time[kind]));
console.log(describeMachine());
console.log(`\nAn import in a fresh process, medians of ${rounds}: on the clock, and processor time`);
for (const name of times.keys()) {
  const [elapsed, cpu] = ["elapsed", "cpu"].map((kind) => middle(name, kind).toFixed(1).padStart(8));
  console.log(`${elapsed} ms ${cpu} ms  ${name}`);
}
const ratio = (name) => middle(name, "elapsed") / middle("@connectrpc/connect", "elapsed");
verdict("@connectum/auth against connect", ratio("@connectum/auth"), { atMost: 0.15 });
verdict("@connectum/auth/policy against connect", ratio("@connectum/auth/policy"), { atMost: 0.03 });
