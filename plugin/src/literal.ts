/**
 * Writes a string as a literal of JavaScript, TypeScript and JSON.
 *
 * Everything that does not print as itself is escaped: line separators that end a comment or a line, and the
 * invisible and bidirectional characters that make a reviewed table read as something else.
 */
export function literal(value: string): string {
  return JSON.stringify(value).replace(/[\p{C}\p{Z}]/gu, (character) =>
    character === " " ? character : [...Array(character.length).keys()].map((i) => escapeUnit(character, i)).join(""),
  );
}

function escapeUnit(text: string, index: number): string {
  return `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`;
}
