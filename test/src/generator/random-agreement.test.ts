import fc from "fast-check";
import { describe, test } from "vitest";
import { samples } from "../support/samples.js";
import { compareWithOracle } from "./compare-with-oracle.js";
import { startPlugin as startInProcess } from "./plugin-in-process.js";
import { startPlugin } from "./plugin-process.js";
import { arbitrarySchema } from "./random-schema.js";

describe("random schemas", () => {
  test("agree with the options read at run time: in this process", { timeout: 900_000 }, () => {
    fc.assert(
      fc.property(arbitrarySchema, (model) => {
        compareWithOracle(model, startInProcess);
      }),
      { numRuns: samples(300, 1_000) },
    );
  });

  test("agree through the real process: a sample", { timeout: 900_000 }, () => {
    fc.assert(
      fc.property(arbitrarySchema, (model) => {
        compareWithOracle(model, startPlugin);
      }),
      { numRuns: samples(5, 25) },
    );
  });
});
