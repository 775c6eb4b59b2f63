import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareWithOracle } from "./compare-with-oracle.js";
import { startPlugin as startInProcess } from "./plugin-in-process.js";
import { arbitrarySchema, type Said } from "./random-schema.js";

describe("every pair of method and service settings", () => {
  const admin = { roles: ["admin"], scopes: ["orders:write"] };
  const settings: Readonly<Record<string, Said | undefined>> = {
    "no option": undefined,
    "an empty option": {},
    public: { public: true },
    "not public": { public: false },
    internal: { internal: true },
    "not internal": { internal: false },
    requires: { requires: admin },
    "requires nothing": { requires: { roles: [], scopes: [] } },
    allow: { policy: "allow" },
    deny: { policy: "deny" },
    "a typo": { policy: "Deny" },
    "internal with requires": { internal: true, requires: admin },
    "public and internal": { public: true, internal: true },
    "public with requires": { public: true, requires: admin },
    "public and deny": { public: true, policy: "deny" },
    "internal and deny": { internal: true, policy: "deny" },
    "requires beside deny": { requires: admin, policy: "deny" },
    "not public, requires": { public: false, requires: admin },
    "not public, allow": { public: false, policy: "allow" },
  };
  const pairs = Object.entries(settings).flatMap(([method, own]) =>
    Object.entries(settings).map(([service, inherited]) => ({ method, service, own, inherited })),
  );

  const outcomes = new Map<(typeof pairs)[number], "accepted" | "rejected">();
  const compare = (pair: (typeof pairs)[number]) => {
    const { own, inherited } = pair;
    outcomes.set(pair, compareWithOracle({ services: [{ said: inherited, methods: [own] }] }, startInProcess));
  };

  test.each(pairs)("method: $method, service: $service", compare);

  test("there are enough of them, on both sides", () => {
    for (const pair of pairs) if (!outcomes.has(pair)) compare(pair);
    for (const outcome of ["accepted", "rejected"]) {
      expect([...outcomes.values()].filter((one) => one === outcome).length).toBeGreaterThan(60);
    }
  });
});

test("a few hundred random schemas, the same in every run", () => {
  fc.assert(
    fc.property(arbitrarySchema, (model) => {
      compareWithOracle(model, startInProcess);
    }),
    { numRuns: 300, seed: 1 },
  );
});
