// What access control adds to a stream: per message, and the memory of an open one.
//
//     node bench/streams/index.js [rounds]
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describeMachine, measure, verdict } from "../support/measure.js";
import { opener, ours } from "./callers.js";

const rounds = Number(process.argv[2] ?? 15);
const passThrough = (next) => async (req) => await next(req);

/** One stream of so many messages. Each is waited for, as one that comes from elsewhere. */
const stream = (interceptors) => async (count) => {
  async function* answer() {
    for (let i = 0; i < count; i++) yield await message;
  }
  const { messages } = await opener(interceptors, answer)();
  for await (const _ of messages);
};
const message = Promise.resolve({});

console.log(describeMachine());
console.log("\nA message of an open stream");
const results = await measure(
  {
    "(a) no interceptor": stream([]),
    "(b) pass-through": stream([passThrough]),
    "ours, asyncContext: false": stream(ours(false)),
    "ours, with AsyncLocalStorage": stream(ours(true)),
  },
  { calls: 20_000, rounds },
);
for (const [name, time] of Object.entries(results)) console.log(`  ${time.toFixed(0).padStart(8)} ns  ${name}`);
const added = results["ours, asyncContext: false"] - results["(a) no interceptor"];
verdict("nanoseconds added to a message", added, { atMost: 2_000 });

console.log("\nMemory of an open stream");
for (const variant of ["false", "true"]) {
  const file = fileURLToPath(new URL("memory.js", import.meta.url));
  process.stdout.write(execFileSync(process.execPath, ["--expose-gc", file, variant]));
}
