import { getCheckingSuite, getParsingSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import type { DescMessage } from "@bufbuild/protobuf";
import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import type { Caller } from "./callers.js";
import { compileConditions, type Outcome } from "./compile-conditions.js";
import { allTests, type ConformanceCase, convertConformanceSuite } from "./conformance-cases.js";
import { now } from "./pools.js";
import { requestDescs, requestSchema } from "./requests.js";

const nobody: Caller = {
  subject: "nobody",
  name: undefined,
  roles: new Set(),
  scopes: new Set(),
  permissions: new Set(),
  type: "user",
  internal: false,
  claims: {},
};

describe("the conformance tests of CEL", () => {
  test("conditions agree with each test that is in the subset", () => {
    const { schema, tests } = convertConformanceSuite();
    const cases = tests.flatMap((one) => ("outside" in one ? [] : one.cases));
    const outcomes = compileAll(schema, cases);
    const counts = new Map<string, number>();
    const failures: string[] = [];
    for (const one of tests) {
      const result = "outside" in one ? one.outside : judge(one.cases, outcomes, failures);
      counts.set(result, (counts.get(result) ?? 0) + 1);
    }
    expect(failures).toEqual([]);
    expect(Object.fromEntries([...counts].sort(([, a], [, b]) => b - a))).toMatchInlineSnapshot(`
      {
        "a binding is no field": 4,
        "calculates": 136,
        "calls a function in another form": 21,
        "calls another function": 854,
        "compares values without order or equality": 32,
        "creates a message or a map": 145,
        "has a list in brackets": 22,
        "has a loop of unlimited cost": 1,
        "has an unknown name": 5,
        "has another index": 1,
        "has another syntax": 31,
        "has bytes": 19,
        "has null": 24,
        "is always the same": 28,
        "is no bool": 13,
        "mixes types": 8,
        "ran": 391,
        "reads a field of another type": 37,
        "reads a field that is not there": 3,
        "the name of a binding is a path": 8,
        "the parser refuses it": 71,
        "the result is bytesValue": 84,
        "the result is doubleValue": 3,
        "the result is enumValue": 19,
        "the result is listValue": 60,
        "the result is mapValue": 37,
        "the result is nullValue": 25,
        "the result is objectValue": 179,
        "the result is typeValue": 36,
        "the result is typedResult": 47,
      }
    `);
  });
});

describe("the parsing and checking tests of cel-go", () => {
  const [request] = requestDescs as readonly [DescMessage];

  for (const [name, suite, count] of [
    ["parsing", getParsingSuite, 158],
    ["checking", getCheckingSuite, 39],
  ] as const) {
    test(`${name}: what cel-go refuses is no condition`, () => {
      const wrong = allTests(suite()).filter(({ test: { error } }) => error !== undefined);
      const asked = wrong.map(({ test: { original } }) => ({ text: original.expr, request }));
      const outcomes = compileConditions(requestSchema, "random.v1", asked);
      const accepted = asked.filter((_, index) => !("refused" in (outcomes[index] as Outcome)));
      expect(accepted.map(({ text }) => text)).toEqual([]);
      expect(asked.length).toBe(count);
    });
  }
});

/** Evaluates the cases of one test. Returns "ran", or the reason why it is outside of the subset. */
function judge(
  cases: readonly ConformanceCase[],
  outcomes: ReadonlyMap<ConformanceCase, Outcome>,
  failures: string[],
): string {
  const refusals = cases
    .map((one) => outcomes.get(one))
    .flatMap((one) => (one && "refused" in one ? [one.refused] : []));
  const [refusal] = refusals;
  for (const one of cases) {
    const compiled = outcomes.get(one);
    if (compiled === undefined || "refused" in compiled) continue;
    let holds: unknown;
    try {
      holds = compiled.holds(nobody, one.message, now);
    } catch (error) {
      holds = error;
    }
    if (holds !== one.holds) failures.push(`${one.name}: ${one.text} is ${holds}\n${compiled.holds}`);
  }
  if (refusal === undefined) return "ran";
  return classOf(refusal);
}

function compileAll(
  schema: FileDescriptorSet,
  cases: readonly ConformanceCase[],
): ReadonlyMap<ConformanceCase, Outcome> {
  const outcomes = new Map<ConformanceCase, Outcome>();
  for (const container of new Set(cases.map((one) => one.container))) {
    const own = cases.filter((one) => one.container === container);
    compileConditions(schema, container, own).forEach((outcome, index) => {
      outcomes.set(own[index] as ConformanceCase, outcome);
    });
  }
  return outcomes;
}

/** The kinds of refusals, by the message of the plugin. */
const classes: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/the function \S+ is not supported/, "calls another function"],
  [/\(\) is written in another form/, "calls a function in another form"],
  [/calculates with/, "calculates"],
  [/Messages cannot be created/, "creates a message or a map"],
  [/is not CEL: /, "the parser refuses it"],
  [/a list in brackets is supported after `in` only|an empty list contains nothing/, "has a list in brackets"],
  [/this syntax is not supported/, "has another syntax"],
  [/is not known\. /, "has an unknown name"],
  [/has the type [\w.]+, which conditions cannot read/, "reads a field of another type"],
  [/has no field /, "reads a field that is not there"],
  [/bytes are not supported|of type bytes/, "has bytes"],
  [/compares with null|of type null/, "has null"],
  [/compares two literals|compares a value that is never negative|compares a value with itself/, "is always the same"],
  [/Both sides need one type|Both need one type|\. Write \d|looks for \S+ in /, "mixes types"],
  [/(orders|compares) values of type/, "compares values without order or equality"],
  [/must be true or false/, "is no bool"],
  [/an index must be a literal|by a key of type|by an index/, "has another index"],
  [/looks for an empty text/, "is always the same"],
  [/reads a part of the request again/, "has a loop of unlimited cost"],
];

function classOf(refused: string): string {
  return classes.find(([pattern]) => pattern.test(refused))?.[1] ?? `other: ${refused.slice(0, 150)}`;
}
