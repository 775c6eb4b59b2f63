import { type DescMessage, type Message, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { samples } from "../support/samples.js";
import { type Caller, randomCaller } from "./callers.js";
import { createCel, createStrictCel, deviations, type Oracle } from "./cel-oracle.js";
import { type Compiled, compileConditions } from "./compile-conditions.js";
import { now } from "./pools.js";
import { type RandomCondition, randomCondition } from "./random-condition.js";
import { randomRequest, registry, requestDescs, requestSchema } from "./requests.js";
import { arbitraryNumbers, Tape } from "./tape.js";

/** The plugin compiles so many conditions in one run. */
const conditionsInBatch = 200;
/** Each condition is evaluated for so many calls. */
const callsOfCondition = 15;
/** So many callers and requests are made for a batch. */
const callsInBatch = 60;

const lengths = { condition: 150, caller: 80, request: 300 } as const;
const unknownType = "a claim is compared with an unset wrapper, or looked for in an empty list";

/** Refusals that random conditions meet, since they do not plan ahead. Any other refusal fails the test. */
const expectedRefusals: readonly RegExp[] = [
  /compares two literals, so it is always/,
  /compares a value with itself/,
  /compares a value that is never negative with 0/,
  /chooses between [\w.]+ and [\w.]+\. Both need one type/,
  /reads a part of the request again for every item of a loop/,
  /searches for a text of the request/,
  /looks for an empty text with \w+\(\), which is always there/,
  /orders two claims, whose types are unknown/,
  /looks for a claim in a claim/,
  /is bool, but must be true or false/,
];

interface Case {
  readonly condition: RandomCondition;
  readonly compiled: Compiled;
  readonly cel: Oracle;
  readonly strictCel: Oracle;
}

describe("random conditions", () => {
  test("agree with CEL, up to the deliberate deviations", { timeout: 900_000 }, () => {
    const seed = 20_240_601;
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    for (let batch = 0; batch < samples(2, 60); batch += 1) {
      const draw = (length: number, numRuns: number, offset: number) =>
        fc.sample(arbitraryNumbers(length / 2, length), { numRuns, seed: seed + batch * 3 + offset });
      const tapes = draw(lengths.condition, conditionsInBatch, 0);
      const callerTapes = draw(lengths.caller, callsInBatch, 1);
      const requestTapes = draw(lengths.request, callsInBatch, 2);
      const callers = callerTapes.map((numbers) => randomCaller(new Tape(numbers)));
      const requests = new Map(
        requestDescs.map((desc) => [desc, requestTapes.map((numbers) => requestOf(numbers, desc))]),
      );
      const cases = compile(tapes.map(conditionOf), count);
      for (const [index, one] of cases.entries()) {
        if (one === undefined) continue;
        for (let call = 0; call < callsOfCondition; call += 1) {
          const [c, r] = [(index * 7 + call) % callsInBatch, (index * 13 + call * 17) % callsInBatch];
          const request = requests.get(one.condition.request)?.[r] as Message;
          const problem = judge(one, callers[c] as Caller, request, count);
          if (problem === undefined) continue;
          const failing = [tapes[index], callerTapes[c], requestTapes[r]] as [number[], number[], number[]];
          shrink(failing, `seed ${seed}, batch ${batch}: ${problem}`);
        }
      }
    }
    checkCounts(counts);
  });
});

function conditionOf(numbers: readonly number[]): RandomCondition {
  const tape = new Tape(numbers);
  return randomCondition(tape, tape.early(requestDescs));
}

function requestOf(numbers: readonly number[], desc: DescMessage): Message {
  return randomRequest(new Tape(numbers), desc);
}

/** Compiles conditions with the plugin and for the oracles. Undefined for those that the plugin refuses. */
function compile(conditions: readonly RandomCondition[], count: (what: string) => void): (Case | undefined)[] {
  const outcomes = compileConditions(requestSchema, "random.v1", conditions);
  return conditions.map((condition, index) => {
    const { text } = condition;
    const compiled = outcomes[index] as (typeof outcomes)[number];
    if ("refused" in compiled) {
      count("refused");
      expect(
        expectedRefusals.some((reason) => reason.test(compiled.refused)),
        `${text}\n${compiled.refused}`,
      ).toBe(true);
      return undefined;
    }
    count("accepted");
    for (const feature of features) if (feature.test(text)) count(`feature ${feature.source}`);
    const [cel, strictCel] = [createCel, createStrictCel].map((create) => create(text, "random.v1", registry));
    return { condition, compiled, cel: cel as Oracle, strictCel: strictCel as Oracle };
  });
}

/** Evaluates a condition for one call. Returns what is wrong. */
function judge(one: Case, caller: Caller, request: Message, count: (what: string) => void): string | undefined {
  const { condition, compiled } = one;
  const [cel, strict] = [one.cel(caller, request, now), one.strictCel(caller, request, now)];
  let [holds, admits]: [unknown, unknown] = [undefined, undefined];
  const describeCase = (problem: string) =>
    [
      problem,
      `condition: ${condition.text}`,
      `CEL: ${cel.result}, with our deviations: ${strict.result} (${[...strict.deviations].join(", ")})`,
      `holds: ${holds}, admits: ${admits}`,
      `request: ${condition.request.typeName} ${JSON.stringify(toJson(condition.request, request, { registry }))}`,
      `caller: ${JSON.stringify(caller, (_, value) => (value instanceof Set ? [...value] : value))}`,
      `holds ${compiled.holds}`,
      `admits ${compiled.admits}`,
    ].join("\n");
  try {
    holds = compiled.holds(caller, request, now);
    admits = compiled.admits?.(caller, now) ?? true;
  } catch (error) {
    return describeCase(`it throws ${error}`);
  }
  count(`holds ${holds}`);
  if (!admits) count("not admitted");
  if (typeof holds !== "boolean" || typeof admits !== "boolean") return describeCase("it returns no boolean");
  if (holds && !admits) return describeCase("it holds for a caller that it does not admit");
  if (holds && cel.result !== true) return describeCase("it holds, but CEL is not true");
  if (holds !== (strict.result === true)) {
    if (holds || !condition.comparesClaimWithUnknown) return describeCase("it differs from CEL with our deviations");
    count(unknownType);
  } else if (!holds && cel.result === true) {
    if (strict.deviations.size === 0) return describeCase("it differs from CEL without a reason");
    for (const deviation of strict.deviations) count(deviation);
  }
  return undefined;
}

/** Fails with the simplest case that fails, too. */
function shrink(failing: [number[], number[], number[]], found: string): never {
  const numbers = (length: number) => arbitraryNumbers(0, length);
  const property = fc.property(
    numbers(lengths.condition),
    numbers(lengths.caller),
    numbers(lengths.request),
    (conditionNumbers, callerNumbers, requestNumbers) => {
      const [one] = compile([conditionOf(conditionNumbers)], () => {});
      if (one === undefined) return;
      const request = requestOf(requestNumbers, one.condition.request);
      const problem = judge(one, randomCaller(new Tape(callerNumbers)), request, () => {});
      if (problem !== undefined) throw new Error(problem);
    },
  );
  const { errorInstance } = fc.check(property, { examples: [failing], numRuns: 1, interruptAfterTimeLimit: 20_000 });
  throw new Error(`${found}\n\nsimplified: ${errorInstance instanceof Error ? errorInstance.message : "no"}`);
}

const features: readonly RegExp[] = [
  /has\(request/,
  /has\(caller.claims/,
  /size\(\)/,
  /size\(/,
  /startsWith/,
  /endsWith/,
  /contains/,
  /\.all\(/,
  /\.exists\(/,
  /exists\(.*(exists|all)\(/,
  / in \[/,
  / in caller.roles/,
  / in caller.claims/,
  / in request/,
  /request.*[<>]=? *now/,
  / \? /,
  /!/,
  /&&/,
  /\|\|/,
  /Kind\.KIND/,
  /\[\d/,
  /\["/,
  /\.w_/,
  /\.o_/,
  /js64|js_/,
  /two\./,
  /edition\./,
  /0x/,
  /\d[uU]\b/,
  /'''|"""/,
];

function checkCounts(counts: ReadonlyMap<string, number>): void {
  const of = (what: string) => counts.get(what) ?? 0;
  const evaluated = of("holds true") + of("holds false");
  if (process.env["CONNECTUM_PRINT_COUNTS"] !== undefined) console.log(evaluated, counts);
  expect(evaluated).toBeGreaterThanOrEqual(samples(3_000, 100_000));
  expect(of("accepted") / (of("accepted") + of("refused"))).toBeGreaterThan(0.8);
  expect(of("holds true") / evaluated).toBeGreaterThan(0.1);
  expect(of("not admitted")).toBeGreaterThan(evaluated / 20);
  // A rare one needs more samples than a few.
  for (const { source } of features) expect(of(`feature ${source}`), source).toBeGreaterThanOrEqual(samples(0, 1));
  for (const deviation of [...deviations, unknownType]) {
    expect(of(deviation), deviation).toBeGreaterThanOrEqual(samples(0, 1));
  }
  // Differences are rare, so that the comparison says something.
  const differing = [...deviations, unknownType].reduce((sum, deviation) => sum + of(deviation), 0);
  expect(differing / evaluated).toBeLessThan(0.05);
}
