import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, parseDocument } from "yaml";
import { printYaml } from "../../../plugin/dist/openapi/print-yaml.js";
import type { Data } from "../../../plugin/dist/text/data.js";
import { controls, hidden } from "../../../plugin/dist/text/literal.js";
import { printJson } from "../../../plugin/dist/text/print-json.js";
import { inFolder } from "../generator/schema.js";

// Words and signs that mean something in YAML, beside any characters.
const special = fc.constantFrom(
  ..."true,no,y,on,null,~,1,e0,0x1f,1e3,.inf,2001-01-01,<<,=,---,...,- a,? a,: a,a: b,a #b,#,&a,*a,!a,%a,@a,`,|,>,{,},[,],__proto__,constructor".split(
    ",",
  ),
  ..."',\",\\,\\n,\\ud83d\\ude00,\n,\r\n,\t,  a,a  ,\u0085,\u2028,\u{e0041},\u{1f98a},\ufeff".split(","),
  "",
);
const text = fc.oneof(special, fc.string({ unit: "binary" }), fc.string());
const { data } = fc.letrec<{ data: Data }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.boolean(),
    fc.array(tie("data"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom("target", "x-access", "update")), tie("data"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

/** Objects as lists of entries, since a parser may set the prototype for `__proto__`. */
function entries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(entries);
  if (value instanceof Map) return [...value].map(([key, one]) => [key, entries(one)]);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, one]) => [key, entries(one)]);
}

describe("YAML", () => {
  test.each(["1.1", "1.2"] as const)("of version %s gives the data back", (version) => {
    fc.assert(
      fc.property(data, (data) => {
        const document = parseDocument(printYaml(data), { version, strict: true });
        expect(document.errors).toEqual([]);
        expect(document.warnings).toEqual([]);
        expect(entries(document.toJS({ mapAsMap: true }))).toEqual(entries(data));
      }),
      { numRuns: 500 },
    );
  });

  test("has no character that YAML forbids or that a reader cannot see, and no half of one", () => {
    fc.assert(
      fc.property(text, (text) => {
        const printed = printYaml([text]);
        expect([...printed.matchAll(controls), ...printed.matchAll(hidden)]).toEqual([]);
        expect(printed).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
        expect(parse(printed)).toEqual([text]);
      }),
    );
  });

  test("has lists and objects in block style", () => {
    const nested = { a: [["b", []], {}, { c: true, d: { on: "e" } }] };
    expect(printYaml(nested)).toBe('a:\n  - - "b"\n    - []\n  - {}\n  - c: true\n    d:\n      "on": "e"');
  });
});

describe("JSON", () => {
  test("gives the data back", () => {
    fc.assert(
      fc.property(data, (data) => {
        expect(entries(JSON.parse(printJson(data)))).toEqual(entries(data));
      }),
    );
  });

  test("is left alone by a formatter, also around its line width", () => {
    const lists = Array.from({ length: 40 }, (_, length) => ["a".repeat(30), "b".repeat(length)]);
    const around = {
      inside: lists,
      last: lists.map((list) => ({ list })),
      more: lists.map((list) => ({ list, z: [] })),
    };
    const samples = [around, ...fc.sample(data, { numRuns: 60, seed: 1 })];
    const files = Object.fromEntries(samples.map((one, index) => [`${index}.json`, `${printJson(one)}\n`]));
    inFolder({ ...files, "biome.json": '{ "root": true, "formatter": { "indentStyle": "space" } }\n' }, (folder) => {
      const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
      const args = [biome, "format", "--colors=off", folder];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
      expect(stderr).toContain(`Checked ${samples.length + 1} files`);
      expect(status).toBe(0);
    });
  });
});
