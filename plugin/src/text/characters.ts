/** First and last code point of a range. */
type Range = readonly [number, number];

// The ranges are written out: `\p{…}`, `\s` and `trim()` follow the Unicode version of the engine, and a table must be
// the same bytes on every version of Node.
const controls: readonly Range[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
];

const hidden: readonly Range[] = [
  [0xa0, 0xa0], // white space but for the plain space
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xad, 0xad], // format and bidirectional controls, joiners, fillers, variation selectors, tags
  [0x34f, 0x34f],
  [0x600, 0x605],
  [0x61c, 0x61c],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x890, 0x891],
  [0x8e2, 0x8e2],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x13430, 0x1343f],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
  [0xd800, 0xf8ff], // halves of a pair, private characters
  [0xfdd0, 0xfdef], // code points that never become characters; so are the last two of every plane
  [0xf0000, 0x10ffff],
];

/** Whether a character is a control character: U+0000 to U+001F, U+007F to U+009F. */
export function isControl(character: string): boolean {
  return isIn(controls, character);
}

/** Whether a reader of a table cannot see a character, or cannot tell it from another. */
export function isHidden(character: string): boolean {
  return isIn(hidden, character) || ((character.codePointAt(0) ?? 0) & 0xfffe) === 0xfffe;
}

/** `U+200B`, as Unicode writes it. */
export function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function isIn(ranges: readonly Range[], character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return ranges.some(([first, last]) => first <= code && code <= last);
}
