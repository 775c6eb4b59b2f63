import type { Data } from "./data.js";
import { literal } from "./literal.js";

/** The line width of formatters. A list of strings that fits stays on one line. */
const width = 80;

/**
 * Returns data as JSON, with the line breaks of formatters, so that they leave the file as it is.
 *
 * @example
 * printJson({ target: "$", roles: ["a", "b"] });
 * // {
 * //   "target": "$",
 * //   "roles": ["a", "b"]
 * // }
 */
export function printJson(data: Data): string {
  return print(data, "", 0);
}

/** @param used - the characters of the line that the value does not have: its key, and the comma after it. */
function print(data: Data, indentation: string, used: number): string {
  if (typeof data === "string") return literal(data);
  if (typeof data !== "object" || data === null) return String(data);
  const inner = `${indentation}  `;
  const block = (open: string, lines: readonly string[], close: string) =>
    lines.length === 0 ? open + close : `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indentation}${close}`;
  if (!Array.isArray(data)) {
    const entries = Object.entries(data);
    const fields = entries.map(([key, value], index) => {
      const head = `${literal(key)}: `;
      return head + print(value, inner, head.length + (index < entries.length - 1 ? 1 : 0));
    });
    return block("{", fields, "}");
  }
  const items = data.map((item: Data, index) => print(item, inner, index < data.length - 1 ? 1 : 0));
  const line = `[${items.join(", ")}]`;
  const fits = !line.includes("\n") && indentation.length + used + line.length <= width;
  return fits ? line : block("[", items, "]");
}
