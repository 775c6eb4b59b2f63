import { nearest } from "../text/nearest.js";

/** The functions that conditions know. */
const functions = ["has", "size", "startsWith", "endsWith", "contains", "all", "exists"];

/** Explains a function that conditions do not know, or that is written in another form. */
export function explainFunction(name: string): string {
  // Two edits turn most short names into one another.
  const meant = name.length < 4 && !functions.includes(name) ? undefined : nearest(name, functions);
  const hint = meant === undefined || meant === name ? "" : ` Did you mean ${meant}()?`;
  if (meant === name) return `${name}() is written in another form: ${examples[name]}`;
  return `the function ${name}() is not supported in conditions.${hint} They know ${functions.join(", ")}`;
}

const examples: { readonly [name: string]: string } = {
  has: "has(request.owner)",
  size: "size(request.items)",
  startsWith: 'request.name.startsWith("a")',
  endsWith: 'request.name.endsWith("a")',
  contains: 'request.name.contains("a")',
  all: "request.items.all(item, item.id == …)",
  exists: "request.items.exists(item, item.id == …)",
};
