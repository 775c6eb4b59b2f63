import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareWithOracle } from "./compare-with-oracle.js";
import { startPlugin as startInProcess } from "./plugin-in-process.js";
import { startPlugin } from "./plugin-process.js";
import { arbitrarySchema } from "./random-schema.js";

describe("random schemas", () => {
  const outcomes = ["accepted", "rejected"];
  const accesses = ["public", "internal", "requires", "allow", "deny", "unspecified"];
  const reasonsKnown = [
    "unknown policy",
    "public+requires",
    "public+policy",
    "public+internal",
    "internal+policy",
    "requires beside policy",
    "public over internal",
    "public silences internal",
    "public silences requires",
    "public silences policy",
    "internal silences policy",
    "requires silences policy",
    "bad role",
    "bad scope",
    "duplicate role",
    "duplicate scope",
  ];

  test("agree with the options read at run time: 10,000 in this process", { timeout: 900_000 }, () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(arbitrarySchema, (model) => {
        count(compareWithOracle(model, startInProcess, count));
      }),
      { numRuns: 10_000 },
    );
    // A generator of random schemas that misses a case would agree with anything.
    const rare = [...outcomes, ...accesses, ...reasonsKnown].filter((what) => (seen.get(what) ?? 0) < 50);
    expect(rare).toEqual([]);
  });

  test("agree through the real process: a sample", { timeout: 900_000 }, () => {
    fc.assert(
      fc.property(arbitrarySchema, (model) => {
        compareWithOracle(model, startPlugin);
      }),
      { numRuns: 25 },
    );
  });
});
