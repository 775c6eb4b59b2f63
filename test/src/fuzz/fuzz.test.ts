import { describe, expect, test } from "vitest";
import { fuzzTargets } from "./targets.js";

// A short run of what `npm run test:fuzz` does for long.
describe("no input crashes, hangs, or is let in by mistake", () => {
  test.each(fuzzTargets.map((target) => [target.name, target] as const))("%s", async (_, target) => {
    const seed = Date.now() % 2 ** 31;
    expect(await target.run({ runs: 400, seed })).toBe(400);
  });
});
