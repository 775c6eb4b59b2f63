import { visible } from "../text/literal.js";

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Returns a text for the content of an element or a quoted attribute. Escapes hidden characters, except line breaks. */
export function htmlText(text: string): string {
  return text
    .split("\n")
    .map((line) => visible(line).replace(/[&<>"']/g, (character) => entities[character] ?? ""))
    .join("\n");
}

/** Returns data for a script element. No text in it ends the element. */
export function htmlJson(data: unknown): string {
  return JSON.stringify(data)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
