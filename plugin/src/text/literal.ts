import { isControl, isHidden } from "./characters.js";

/**
 * Writes a string as a literal of JavaScript, TypeScript and JSON.
 *
 * Escapes every character that does not print as itself: line separators that end a comment or a line, and the
 * invisible and bidirectional characters that make a reviewed table read as something else.
 */
export function literal(value: string): string {
  const json = JSON.stringify(value);
  if (/^[ -~]*$/.test(json)) return json;
  return Array.from(json, (character) => (isControl(character) || isHidden(character) ? escape(character) : character))
    .join("");
}

function escape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
