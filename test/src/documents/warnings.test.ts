import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../published/run.js";

/** The string or template that a text begins with, with `…` for what is filled in. Undefined if it begins otherwise. */
function literalAt(text: string): string | undefined {
  const quote = text[0] ?? "";
  if (!`"'\``.includes(quote) || quote === "") return undefined;
  let literal = "";
  let depth = 0;
  for (let i = 1; i < text.length; i++) {
    const isHole = quote === "`" && text.startsWith("${", i);
    if (isHole && depth === 0) literal += "…";
    if (isHole || (depth > 0 && text[i] === "{")) depth++;
    if (isHole) i++;
    else if (depth > 0 && text[i] === "}") depth--;
    else if (depth === 0 && text[i] === quote) return literal;
    else if (depth === 0) literal += text[i] === "\\" ? text[++i] : text[i];
  }
  return undefined;
}

/** The literals of an expression that are joined by `+`. */
function literalsAt(text: string): string | undefined {
  const parts: string[] = [];
  let rest = text.trimStart();
  for (;;) {
    const part = literalAt(rest);
    if (part === undefined) return parts.length === 0 ? undefined : parts.join("");
    parts.push(part);
    const [, next] = /^[^+;,)]*?\+\s*([\s\S]*)$/.exec(rest.slice(sourceLength(rest))) ?? [];
    if (next === undefined) return parts.join("");
    rest = next;
  }
}

/** The length of the literal in the source. */
function sourceLength(text: string): number {
  const quote = text[0];
  for (let i = 1, depth = 0; i < text.length; i++) {
    if (quote === "`" && text.startsWith("${", i)) depth++;
    else if (depth > 0 && text[i] === "}") depth--;
    else if (text[i] === "\\") i++;
    else if (depth === 0 && text[i] === quote) return i + 1;
  }
  return text.length;
}

/** The texts that a file gives to functions called warn, warnOf… or createWarning. */
function warningsOf(source: string): string[] {
  return [...source.matchAll(/(?<![\w.])(?:this\.#)?(?:warn\w*|createWarning|say)\(\s*/g)].flatMap((call) => {
    const argument = source.slice(call.index + call[0].length);
    const literal = literalsAt(argument);
    if (literal !== undefined) return [literal];
    // A constant of the file. Any other name is a parameter, and its text comes from another call.
    const [name = ""] = /^\w*/.exec(argument) ?? [];
    const declared = new RegExp(`\\bconst ${name} =\\s*`).exec(source);
    const constant =
      name === "" || declared === null ? undefined : literalsAt(source.slice(declared.index + declared[0].length));
    return constant === undefined ? [] : [constant];
  });
}

const sources = join(root, "runtime/src");
const warnings = readdirSync(sources, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("platform/warn"))
  .flatMap((file) => warningsOf(readFileSync(join(sources, file), "utf8")));

const page = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
const listed = [...page.slice(page.indexOf("## Every warning")).matchAll(/^- `(.*)`$/gm)].map(([, text = ""]) => text);

test("docs/troubleshooting.md lists every warning of the sources, and no other", () => {
  expect(warnings.length).toBeGreaterThan(20);
  expect(listed.sort()).toEqual([...new Set(warnings)].sort());
});

test("the reader of the sources finds literals, templates, sums and constants", () => {
  const source = `
    warn("plain");
    this.#warnOfFailure(\`with \${a ? "x" : \`y \${b}\`} inside\`);
    const text = \`a \${b}: \` +
      "sum";
    warn(text);
    const later = createWarning(
      'quoted "so"',
    );
    later();
    warn(parameter);
  `;
  expect(warningsOf(source)).toEqual(["plain", "with … inside", "a …: sum", 'quoted "so"']);
});
