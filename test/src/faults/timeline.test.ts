import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createRandom } from "./random.js";
import { Timeline } from "./timeline.js";

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: 0 }));
afterEach(() => vi.useRealTimers());

const isWell = (value: string) => value === "well";

/** Well until 100, ill until 200, worse until 250, well again. */
function timeline(): Timeline<string> {
  const health = new Timeline("well");
  for (const [time, value] of [
    [100, "ill"],
    [200, "worse"],
    [250, "well"],
  ] as const) {
    vi.setSystemTime(time);
    health.set(value);
  }
  return health;
}

test("a timeline gives the stretches between two times, the latest first", () => {
  expect([...timeline().between(150, 225)]).toEqual([
    { from: 200, to: 225, value: "worse" },
    { from: 150, to: 200, value: "ill" },
  ]);
});

test.each([
  { from: 0, to: 99, ever: true, longest: 99 },
  { from: 110, to: 240, ever: false, longest: 0 },
  { from: 50, to: 1_000, ever: true, longest: 750 },
  { from: Number.POSITIVE_INFINITY, to: 1_000, ever: false, longest: 0 },
])("from $from to $to it was well: $ever, for $longest ms", ({ from, to, ever, longest }) => {
  expect(timeline().ever(from, to, isWell) && from < to).toBe(ever);
  expect(timeline().longest(from, to, isWell)).toBe(longest);
});

test("stretches that fulfil the same condition count as one", () => {
  expect(timeline().longest(0, 1_000, (value) => value !== "well")).toBe(150);
});

test("a seed decides the random numbers of each actor", () => {
  const draw = (seed: number, actor: string) => {
    const random = createRandom(seed, actor);
    return Array.from({ length: 5 }, () => random.between(0, 1));
  };
  expect(draw(1, "store")).toEqual(draw(1, "store"));
  expect(draw(1, "store")).not.toEqual(draw(1, "clock"));
  expect(draw(1, "store")).not.toEqual(draw(2, "store"));
});
