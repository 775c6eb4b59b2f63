import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import dictionary from "dictionary-en";
import nspell from "nspell";
import { expect, test } from "vitest";
import { root } from "../published/run.js";

/** Names and terms of the field that the dictionary lacks. A misspelt word is corrected, not added. */
const terms = readFileSync(join(root, "test/src/documents/terms.txt"), "utf8").trim().split(/\s+/);

/** Documents that people write: not what tools have printed. */
const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root })
  .toString()
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)) && !/RESULTS|SURVIVORS|CHANGELOG/.test(file));

const spelling = nspell(Buffer.from(dictionary.aff), Buffer.from(dictionary.dic));
for (const term of terms) spelling.add(term);

/** The words of a document outside code and addresses. */
function wordsOf(text: string): string[] {
  const prose = text
    .replaceAll(/^---\n[\s\S]*?^---$/gm, " ")
    .replaceAll(/^```[\s\S]*?^```$/gm, " ")
    .replaceAll(/`[^`\n]*`/g, " ")
    .replaceAll(/\]\([^)]*\)/g, "] ")
    .replaceAll(/<[^>\n]+>|https?:\S+/g, " ");
  const words = [...prose.matchAll(/\p{L}[\p{L}'’]*(?:\p{N}+[\p{L}\p{N}]*)?/gu)];
  return [...new Set(words.map(([word]) => word.replace(/['’]s?$/, "")))];
}

const misspelt = (text: string) => wordsOf(text).filter((word) => word.length > 2 && !spelling.correct(word));

test.each(documents)("%s", (file) => {
  expect(misspelt(readFileSync(join(root, file), "utf8"))).toEqual([]);
});

test("a misspelt word is found, in prose alone", () => {
  expect(misspelt("A beleive in `beleive`.\n\n```ts beleive\nbeleive\n```\n[beleived](beleive.md)")).toEqual([
    "beleive",
    "beleived",
  ]);
});

test("every term is used", () => {
  const used = new Set(documents.flatMap((file) => wordsOf(readFileSync(join(root, file), "utf8"))));
  expect(terms.filter((term) => !used.has(term))).toEqual([]);
});
