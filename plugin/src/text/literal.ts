// Tables must have the same bytes on every version of Node. `\p{…}`, `\s` and `trim()` depend on the Unicode version of
// the engine, so the ranges are explicit.

/** Control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters
export const controls: RegExp = /[\0-\x1f\x7f-\x9f]/gu;

/**
 * Invisible and ambiguous characters: white space other than the plain space, joiners, fillers, variation selectors,
 * format and bidirectional controls, tags, private characters, and code points that are not characters.
 */
export const hidden: RegExp = new RegExp(
  "[\\u{a0}\\u{ad}\\u{34f}\\u{600}-\\u{605}\\u{61c}\\u{6dd}\\u{70f}\\u{890}\\u{891}\\u{8e2}\\u{115f}\\u{1160}\\u{1680}\\u{17b4}\\u{17b5}" +
    "\\u{180b}-\\u{180f}\\u{2000}-\\u{200f}\\u{2028}-\\u{202f}\\u{205f}-\\u{206f}\\u{2800}\\u{3000}\\u{3164}\\u{d800}-\\u{f8ff}" +
    "\\u{fdd0}-\\u{fdef}\\u{fe00}-\\u{fe0f}\\u{feff}\\u{ffa0}\\u{fff0}-\\u{fffb}\\u{fffe}\\u{ffff}\\u{110bd}\\u{110cd}" +
    "\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\u{f0000}-\\u{10ffff}]",
  "gu",
);

/**
 * Returns a string as a literal of JavaScript, TypeScript and JSON. Escapes control and hidden characters.
 *
 * @example
 * literal("admin"); // '"admin"'
 * literal("a\u200bb"); // String.raw`"a\u200bb"`: the zero-width space is visible
 */
export function literal(value: string): string {
  return visible(JSON.stringify(value));
}

/** Escapes the control and hidden characters of a text, for comments. */
export function visible(text: string): string {
  return text.replace(controls, escapeUnits).replace(hidden, escapeUnits);
}

/**
 * Escapes the control and hidden characters of a text with several lines. Keeps its line breaks (as `\n`) and tabs.
 *
 * @example
 * visibleLines("a\r\n\tb\u200bc"); // "a\n\tb\\u200bc"
 */
export function visibleLines(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .split(/([\n\t])/)
    .map((part) => (part === "\n" || part === "\t" ? part : visible(part)))
    .join("");
}

function escapeUnits(text: string): string {
  return text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
