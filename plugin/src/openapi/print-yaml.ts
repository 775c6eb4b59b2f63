import type { Data } from "../text/data.js";
import { literal } from "../text/literal.js";

/**
 * Returns data as YAML 1.2 in block style, without a newline at the end. Every string is in double quotes.
 *
 * @example
 * printYaml({ target: "$", update: { security: [] } });
 * // target: "$"
 * // update:
 * //   security: []
 */
export function printYaml(data: Data, indentation = ""): string {
  if (typeof data === "string") return quote(data);
  if (typeof data !== "object" || data === null) return String(data);
  if (isList(data)) {
    // The first line of an entry follows the dash.
    const entries = data.map((entry) => `- ${printYaml(entry, `${indentation}  `)}`);
    return entries.length === 0 ? "[]" : entries.join(`\n${indentation}`);
  }
  const fields = Object.entries(data).map(([key, value]) => {
    const isBlock = Object.keys(Object(value)).length > 0 && typeof value === "object";
    const inner = `${indentation}  `;
    return `${keyText(key)}:${isBlock ? `\n${inner}` : " "}${printYaml(value, inner)}`;
  });
  return fields.length === 0 ? "{}" : fields.join(`\n${indentation}`);
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(data: object): data is readonly Data[] {
  return Array.isArray(data);
}

/** Quotes a key that is not of letters and hyphens, or that a parser of YAML 1.1 or 1.2 may take for another type. */
function keyText(key: string): string {
  const isPlain = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z]+(?:-[a-z]+)*$/i.test(key);
  return isPlain ? key : quote(key);
}

/** A literal of JSON is one of YAML, but for a character beyond 16 bits that is escaped as two halves. */
function quote(text: string): string {
  return literal(text).replace(/\\\\|\\u(d[89ab]\w\w)\\u(d[c-f]\w\w)/g, (all, high?: string, low?: string) => {
    if (high === undefined || low === undefined) return all;
    const code = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0;
    return `\\U${code.toString(16).padStart(8, "0")}`;
  });
}
