import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearest } from "../../../plugin/dist/text/nearest.js";

describe("the word that was meant", () => {
  const policies = ["allow", "deny"];
  test.each([
    { word: "deny", of: policies, want: "deny" },
    { word: "DENY", of: policies, want: "deny" },
    { word: "     deny\n", of: policies, want: "deny" },
    { word: "deny\r\n    ", of: policies, want: "deny" },
    { word: "d e n y", of: policies, want: undefined },
    { word: "dney", of: policies, want: "deny" },
    { word: "den", of: policies, want: "deny" },
    { word: "allows", of: policies, want: "allow" },
    { word: "none", of: policies, want: undefined },
    { word: "", of: policies, want: undefined },
    { word: "strict", of: ["Strict"], want: "Strict" },
    { word: "rolex", of: ["roles", "role"], want: "roles" },
    { word: "ab", of: ["abcd", "abc"], want: "abc" },
    { word: "deny", of: [], want: undefined },
  ])('"$word" of $of is $want', ({ word, of, want }) => expect(nearest(word, of)).toBe(want));

  test("is at most two letters added, left out or changed away", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(nearest(a, [b])).toBe(distance(a, b) <= 2 ? b : undefined);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

/** Levenshtein distance as it is defined, which takes time for long words. */
function distance(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return distance(restA, restB);
  return 1 + Math.min(distance(restA, b), distance(a, restB), distance(restA, restB));
}
