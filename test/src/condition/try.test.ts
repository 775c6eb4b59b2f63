import { test } from "vitest";
import fc from "fast-check";
import { arbitraryNumbers, Tape } from "./tape.js";
import { randomCondition } from "./random-condition.js";
import { randomRequest, registry, requestDescs, requestSchema } from "./requests.js";
import { randomCaller } from "./callers.js";
import { compileConditions } from "./compile-conditions.js";
import { createCel, createStrictCel } from "./cel-oracle.js";
import { now } from "./pools.js";
import { toJson } from "@bufbuild/protobuf";
const show = (v: unknown) => JSON.stringify(v, (_, x) => typeof x === "bigint" ? `${x}n` : x instanceof Set ? [...x] : x instanceof Uint8Array ? "bytes" : x);
test("try", () => {
  const N = Number(process.env.N ?? 400);
  const seed = Number(process.env.SEED ?? 1);
  const tapes = fc.sample(arbitraryNumbers(150 / 2, 150), { numRuns: N, seed }).map((n) => new Tape(n));
  const conditions = tapes.map((tape) => randomCondition(tape, tape.early(requestDescs)));
  const out = [];
  for (let i = 0; i < N; i += 200) out.push(...compileConditions(requestSchema, "random.v1", conditions.slice(i, i + 200)));
  const callerTapes = fc.sample(arbitraryNumbers(80 / 2, 80), { numRuns: 300, seed: seed + 1 }).map((n) => new Tape(n));
  const reqTapes = fc.sample(arbitraryNumbers(300 / 2, 300), { numRuns: 300, seed: seed + 2 }).map((n) => new Tape(n));
  const callers = callerTapes.map(randomCaller);
  const requests = requestDescs.map((desc) => reqTapes.map((t) => randomRequest(t, desc)));
  const seen = new Set<number>();
  const counts = new Map<string, number>();
  const count = (k: string) => counts.set(k, (counts.get(k) ?? 0) + 1);
  let shown = 0, j = 0;
  const problem = (k: string, ...rest: unknown[]) => { count("PROBLEM " + k); if (rest[0] !== "SKIP" && shown++ < Number(process.env.SHOW ?? 12)) console.log(k, ...rest); };
  const t = performance.now();
  out.forEach((o, i) => {
    if (o === undefined || "refused" in o) return count("refused");
    const c = conditions[i]!;
    let cel, strict;
    try { cel = createCel(c.text, "random.v1", registry); strict = createStrictCel(c.text, "random.v1", registry); } catch (e) { return problem("oracle fails", c.text, e); }
    for (let k = 0; k < 20; k++) {
      j++;
      const caller = callers[(j * 7 + k) % 300]!, request = requests[requestDescs.indexOf(c.request)]![(j * 13 + k * 3) % 300]!;
      const a = cel(caller, request, now), b = strict(caller, request, now);
      let h: boolean, ad: boolean;
      const info = () => { const sh = seen.has(i); seen.add(i); return sh ? ["SKIP"] : ["\n  " + c.request.name, c.text, "\n  a", a.result, "b", b.result, [...b.deviations].join(), "h", h, "\n  " + o.holds.toString(), ...(process.env.FULL ? ["\n  " + show(caller), "\n  " + show(request)] : [])]; };
      try { h = o.holds(caller, request, now); ad = o.admits?.(caller, now) ?? true; } catch (e) { problem("throws", e, ...info()); continue; }
      count(`holds ${h}`);
      if (typeof h !== "boolean") problem("not bool", ...info());
      if (h && !ad) problem("admits", ...info(), o.admits!.toString());
      if (h && a.result !== true) problem("OPEN", ...info());
      else if (h !== (b.result === true) && !c.comparesClaimWithUnknown) problem("strict differs", ...info());
      else if (!h && a.result === true) count("closed " + [...b.deviations].join("; "));
    }
  });
  console.log(performance.now() - t);
  console.log([...counts].sort((a, b) => b[1] - a[1]));
});
