import type { DescService } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generate } from "../../../plugin/dist/generate.js";
import { readRequest } from "../../../plugin/dist/request.js";
import { judgeMethod, judgeService, reasonOf } from "./oracle.js";
import { readResponse, startPlugin } from "./plugin-process.js";
import {
  arbitrarySchema,
  describeSchema,
  register,
  type Said,
  type SchemaModel,
  serializeRequest,
} from "./random-schema.js";

const strictParameter = "target=js,js_import_style=legacy_commonjs";
const lenientParameter = `${strictParameter},strict=false`;

type Runner = (request: Uint8Array) => { files: ReadonlyMap<string, string>; error: string; warnings: string };

const inProcess: Runner = (request) => {
  const { response, warnings } = generate(readRequest(request));
  return { ...readResponse(response), warnings: warnings.join("\n") };
};

const asProcess: Runner = (request) => {
  const { stdout, stderr } = startPlugin(request);
  return { ...readResponse(stdout), warnings: stderr };
};

/** Compares what the generator makes of a schema with the oracle; "accepted", or "rejected" for the same reasons. */
function compare(model: SchemaModel, run: Runner, count: (what: string) => void = () => {}): "accepted" | "rejected" {
  const file = describeSchema(model);
  const services = [...register(file)].filter((desc): desc is DescService => desc.kind === "service");
  const judged = new Map(services.flatMap(({ methods }) => methods.map((method) => [method, judgeMethod(method)])));
  const verdicts = [...judged.values()];
  const all = [...services.map(judgeService), ...verdicts];
  const errors = all.flatMap((verdict) => verdict.errors).sort();
  const ambiguities = all.flatMap((verdict) => verdict.ambiguities).sort();

  for (const { row } of verdicts) count(row.access);
  for (const reason of [...errors, ...ambiguities]) count(reason.replace(/^[\w.]+ /, ""));

  const strict = run(serializeRequest(file, strictParameter));
  const lenient = run(serializeRequest(file, lenientParameter));
  expect(reasons(strict.error)).toEqual([...errors, ...ambiguities].sort());
  expect(reasons(lenient.error)).toEqual(errors);
  expect(reasons(lenient.warnings)).toEqual(expect.arrayContaining(ambiguities));
  expect(strict.files.size).toBe(errors.length + ambiguities.length > 0 ? 0 : 1);
  if (errors.length > 0) {
    expect(lenient.files.size).toBe(0);
    return "rejected";
  }
  const tables = evaluate(lenient.files.get("random_auth.js") ?? "");
  for (const service of services) {
    const rows = service.methods.map((method) => [method.name, judged.get(method)?.row]);
    expect(tables[`${service.name}Policy`]).toEqual({ typeName: service.typeName, methods: Object.fromEntries(rows) });
    for (const [access, list] of [
      ["public", `${service.name}PublicMethods`],
      ["internal", `${service.name}InternalMethods`],
    ] as const) {
      const expected = service.methods.filter((method) => judged.get(method)?.row.access === access);
      expect(tables[list]).toEqual(expected.map((method) => `${service.typeName}/${method.name}`));
    }
  }
  return ambiguities.length > 0 ? "rejected" : "accepted";
}

function reasons(text: string): string[] {
  const lines = text === "" ? [] : text.trimEnd().split("\n");
  // That a service's default_policy is dead is always a warning, and no reason to reject.
  return lines
    .map(reasonOf)
    .filter((reason) => !/^random\.v1\.S\d requires beside policy$/.test(reason))
    .sort();
}

function evaluate(javascript: string): Record<string, unknown> {
  const exports: Record<string, unknown> = {};
  new Function("exports", javascript)(exports);
  return exports;
}

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

  test.each(pairs)("method: $method, service: $service", ({ own, inherited }) => {
    compare({ services: [{ said: inherited, methods: [own] }] }, inProcess);
  });

  test("there are enough of them, on both sides", () => {
    const outcomes = pairs.map(({ own, inherited }) =>
      compare({ services: [{ said: inherited, methods: [own] }] }, inProcess),
    );
    expect(outcomes.filter((outcome) => outcome === "accepted").length).toBeGreaterThan(60);
    expect(outcomes.filter((outcome) => outcome === "rejected").length).toBeGreaterThan(60);
  });
});

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

  test("agree with the options read at run time: 10,000 in this process", { timeout: 120_000 }, () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(arbitrarySchema, (model) => {
        count(compare(model, inProcess, count));
      }),
      { numRuns: 10_000 },
    );
    // A generator of random schemas that misses a case would agree with anything.
    const rare = [...outcomes, ...accesses, ...reasonsKnown].filter((what) => (seen.get(what) ?? 0) < 50);
    expect(rare).toEqual([]);
  });

  test("agree through the real process: a sample", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(arbitrarySchema, (model) => {
        compare(model, asProcess);
      }),
      { numRuns: 25 },
    );
  });
});
