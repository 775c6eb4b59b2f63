import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { controls, hidden, literal } from "../../../plugin/dist/text/literal.js";

const isIn = (pattern: RegExp, character: string) => character.search(pattern) === 0;

describe("a literal is one in JavaScript and JSON, and shows what it holds", () => {
  test.each([
    ["admin", '"admin"'],
    ["a b", '"a b"'],
    ['quo"te\\', '"quo\\"te\\\\"'],
    ["läsa 管理 🦊", '"läsa 管理 🦊"'],
    ["\u0000\u001f\u007f\u009f", '"\\u0000\\u001f\\u007f\\u009f"'],
    ["line\u2028para\u2029", '"line\\u2028para\\u2029"'],
    ["zero\u200bwidth, bidi\u202e", '"zero\\u200bwidth, bidi\\u202e"'],
    ["tag \u{e0041}", '"tag \\udb40\\udc41"'],
    ["\ud800", '"\\ud800"'],
  ])("%j", (value, want) => {
    expect(literal(value)).toBe(want);
    expect(JSON.parse(literal(value))).toBe(value);
    expect(new Function(`return ${literal(value)};`)()).toBe(value);
  });

  test("for every character", () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const value = String.fromCodePoint(code);
      const written = literal(value);
      if (JSON.parse(written) !== value) throw new Error(`U+${code.toString(16)}`);
      const isSeen = !isIn(controls, value) && !isIn(hidden, value);
      if (isSeen !== written.includes(value)) throw new Error(`U+${code.toString(16)}`);
    }
  });
});

describe("characters that a reader cannot see", () => {
  // The ranges are written out in the source. This engine's tables are the witness for the characters that it knows.
  test("are all that Unicode calls controls, format characters, white space, private, or default ignorable", () => {
    const missed: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      const isUnseen = /[\p{Cc}\p{Cf}\p{Z}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/u.test(character);
      const isFound = isIn(controls, character) || isIn(hidden, character) || character === " ";
      if (isUnseen && !isFound) missed.push(code.toString(16));
    }
    expect(missed).toEqual([]);
  });

  test.each([
    ["letters, marks and signs of any script", "aé管理क्षकाالعربية한글ไทย"],
    ["emoji of one character", "🦊🇩🚀"],
    ["digits, punctuation and symbols", "0:./-_*@+$€§©"],
  ])("are none of %s", (_, text) => {
    expect(Array.from(text).filter((one) => isIn(controls, one) || isIn(hidden, one))).toEqual([]);
  });

  test("do not change with the engine: the source asks no table of Unicode", () => {
    const folder = fileURLToPath(new URL("../../../plugin/src", import.meta.url));
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const sources = names.filter((name) => name.endsWith(".ts") && !name.startsWith("gen"));
    expect(sources.length).toBeGreaterThan(15);
    for (const name of sources) {
      const code = readFileSync(join(folder, name), "utf8").replace(/^\s*\/\/.*$/gm, "");
      // `toUpperCase` is for digits of a code point, `toLowerCase` for ASCII letters.
      const found = code.match(/\\p\{|\\s|\.trim|localeCompare|Intl\.|\.normalize\(|toLocale/g);
      expect({ name, found }).toEqual({ name, found: null });
    }
  });
});
