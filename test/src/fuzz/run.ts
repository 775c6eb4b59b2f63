// Fuzzes each target for a while: `npm run test:fuzz -- --minutes 10 --only bearer --seed 42`.
import { parseArgs } from "node:util";
import { fuzzTargets } from "./targets.js";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "0.25" }, only: { type: "string" }, seed: { type: "string" } },
});
const time = Number(values.minutes) * 60_000;
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const targets = fuzzTargets.filter(({ name }) => values.only === undefined || name === values.only);
if (targets.length === 0 || !(time > 0) || !Number.isSafeInteger(seed)) {
  console.error(`--minutes N --seed N --only ${fuzzTargets.map(({ name }) => JSON.stringify(name)).join(" | ")}`);
  process.exit(2);
}

let failures = 0;
process.on("unhandledRejection", (error) => {
  failures++;
  console.error("unhandled rejection:", error);
});
for (const target of targets) {
  console.log(`${target.name}: ${time / 60_000} minutes, seed ${seed}`);
  try {
    console.log(`${target.name}: ${await target.run({ time, seed })} inputs, nothing found`);
  } catch (error) {
    failures++;
    console.error(`${target.name}: FOUND`, error);
  }
}
process.exitCode = failures === 0 ? 0 : 1;
