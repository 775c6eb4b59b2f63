import { describe, expect, test } from "vitest";
import { tidy } from "../../../plugin/dist/print/print-files.js";
import { startPlugin } from "./plugin-in-process.js";
import { describeSchema, type Said, serializeRequest } from "./random-schema.js";
import { readResponse } from "./run-plugin.js";

const filesOf = (method: Said, parameter: string) => {
  const file = describeSchema({ services: [{ said: undefined, methods: [method] }] });
  const { files, error } = readResponse(startPlugin(serializeRequest(file, parameter)).stdout);
  expect(error).toBe("");
  return files;
};
const withRoles = (...roles: string[]): Said => ({ requires: { roles, scopes: [] } });

describe("names are data in every file", () => {
  const hole = (code: string) => `$\{${code}}`;
  const names = [
    hole("globalThis.opened = 1"),
    `$${hole("x")}`,
    `\\${hole("x")}`,
    "$",
    "$x",
    "`",
    "\\",
    "\\`",
    '"',
    "\\u0041",
    "*/",
    "//",
  ];

  test("of a registry, which is a text in a text", () => {
    const files = filesOf(withRoles(...names), "target=js,js_import_style=legacy_commonjs,registry=all");
    const exports: { policies?: unknown } = {};
    new Function("exports", files.get("all.js") ?? "")(exports);
    expect(exports.policies).toEqual([
      { typeName: "random.v1.S0", methods: { M0: { access: "requires", roles: names, scopes: [] } } },
    ]);
    expect(globalThis).not.toHaveProperty("opened");
  });

  test("of a table", () => {
    const files = filesOf(withRoles(...names), "target=js,js_import_style=legacy_commonjs");
    const exports: { S0Policy?: unknown } = {};
    new Function("exports", files.get("random_auth.js") ?? "")(exports);
    expect(exports.S0Policy).toEqual({
      typeName: "random.v1.S0",
      methods: { M0: { access: "requires", roles: names, scopes: [] } },
    });
    expect(globalThis).not.toHaveProperty("opened");
  });
});

test("a list of 80 characters is on one line, and a longer one has a line for each item", () => {
  const [fits, isLonger] = ["a".repeat(76), "a".repeat(77)];
  expect(filesOf(withRoles(fits), "target=ts").get("random_auth.ts")).toContain(`roles: ["${fits}"], scopes`);
  expect(filesOf(withRoles(isLonger), "target=ts").get("random_auth.ts")).toContain(
    `roles: [\n      "${isLonger}",\n    ], scopes: []`,
  );
});

describe("what protoplugin writes otherwise is changed at the head of a file only", () => {
  const head = "// @generated from file a.proto (package a, edition 2024)\n";
  test.each([
    [
      "features of an edition",
      `${head}// option features.a = B;\n// option features.c = D;\n/* x */\n`,
      `${head}/* x */\n`,
    ],
    ["other lines after them", `${head}// option features.a = B;\n// About.\n`, `${head}// About.\n`],
    ["other lines before them", `${head}// About.\n// option features.a = B;\n`, undefined],
    ["the same words elsewhere", ` * ${head}// option features.a = B;\n`, undefined],
    ["blank lines in CommonJS", '"use strict";\n// x\n\n\n\n/* y */\n', '"use strict";\n// x\n\n/* y */\n'],
    ["one blank line", '"use strict";\n// x\n\n/* y */\n', undefined],
    ["blank lines elsewhere", ' "use strict";\n// x\n\n\n', undefined],
  ])("%s", (_, content, want = content) => expect(tidy(content)).toBe(want));
});

test("a file without services that is kept is empty in CommonJS", () => {
  const file = describeSchema({ services: [] });
  const parameter = "target=js,js_import_style=legacy_commonjs,keep_empty_files=true";
  const { files } = readResponse(startPlugin(serializeRequest(file, parameter)).stdout);
  expect(files.get("random_auth.js")).toMatch(/^"use strict";$/m);
  expect(files.get("random_auth.js")).not.toMatch(/^export/m);
});
