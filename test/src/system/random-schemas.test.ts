import fc from "fast-check";
import { expect, test } from "vitest";
import { compareWithOracle } from "../generator/compare-with-oracle.js";
import { startPlugin } from "../generator/plugin-in-process.js";
import { arbitrarySchema } from "../generator/random-schema.js";

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

test("10,000 random schemas agree with the options read at run time, and every case is among them", {
  timeout: 900_000,
}, () => {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(arbitrarySchema, (model) => {
      count(compareWithOracle(model, startPlugin, count));
    }),
    { numRuns: 10_000 },
  );
  // A generator of random schemas that misses a case would agree with anything.
  const rare = [...outcomes, ...accesses, ...reasonsKnown].filter((what) => (seen.get(what) ?? 0) < 50);
  expect(rare).toEqual([]);
});
