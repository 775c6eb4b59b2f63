import type { DescService } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { judgeMethod, judgeService, reasonOf } from "./oracle.js";
import type { PluginRun } from "./plugin-process.js";
import { describeSchema, register, type SchemaModel, serializeRequest } from "./random-schema.js";
import { type PluginResult, readResponse } from "./run-plugin.js";

const strictParameter = "target=js,js_import_style=legacy_commonjs";
const lenientParameter = `${strictParameter},strict=false`;

/** Compares what the generator makes of a schema with the oracle; "accepted", or "rejected" for the same reasons. */
export function compareWithOracle(
  model: SchemaModel,
  start: (request: Uint8Array) => PluginRun,
  count: (what: string) => void = () => {},
): "accepted" | "rejected" {
  const run = (request: Uint8Array): PluginResult => {
    const { stdout, stderr } = start(request);
    return { ...readResponse(stdout), warnings: stderr };
  };
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
    const table = tables[`${service.name}Policy`] as { methods: Record<string, GeneratedRow> };
    const methods = Object.entries(table.methods).map(([name, row]) => [name, withoutFunctions(row)]);
    expect({ ...table, methods: Object.fromEntries(methods) }).toEqual({
      typeName: service.typeName,
      methods: Object.fromEntries(rows),
    });
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

interface GeneratedRow {
  readonly condition?: { readonly cel: string };
  readonly resource?: { readonly path: string };
}

/** A row with the texts of its condition and its resource. */
function withoutFunctions({ condition, resource, ...row }: GeneratedRow): object {
  return { ...row, ...(condition && { condition: condition.cel }), ...(resource && { resource: resource.path }) };
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
