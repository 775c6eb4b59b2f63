import { trimSpaces } from "./trim-spaces.js";

/**
 * Returns the URI of the client certificate of the last hop in an `x-forwarded-client-cert` header (Envoy's format).
 *
 * Commas separate the elements, one for each hop. The peer of this server wrote only the last one. Semicolons separate the fields
 * of an element. Quotes protect both. Envoy does not quote URIs: a semicolon without a known key after it belongs to the value.
 *
 * @returns undefined for a malformed header, and for a last hop without exactly one URI.
 */
export function readClientUri(value: string): string | undefined {
  const hops = splitOutsideQuotes(value, ",")?.map(readFields);
  const last = hops?.every((fields) => fields !== undefined) ? hops.at(-1) : undefined;
  const uris = last?.filter(({ key }) => key === "uri");
  return uris?.length === 1 ? uris[0]?.value : undefined;
}

interface Field {
  readonly key: string;
  value: string;
}

const start = /^[ \t]*(By|Hash|Cert|Chain|Subject|URI|DNS)=/i;
const quoted = /^[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*$/;

/** Returns the fields of one hop, or undefined for a malformed one. */
function readFields(element: string): readonly Field[] | undefined {
  const segments = splitOutsideQuotes(element, ";") ?? [];
  if (segments.length > 1 && trimSpaces(segments.at(-1) ?? "") === "") segments.pop();
  const fields: Field[] = [];
  for (const segment of segments) {
    const [head, key] = start.exec(segment) ?? [];
    if (head !== undefined && key !== undefined) {
      fields.push({ key: key.toLowerCase(), value: segment.slice(head.length) });
      continue;
    }
    const previous = fields.at(-1);
    if (previous === undefined) return undefined;
    previous.value += `;${segment}`;
  }
  for (const field of fields) {
    const text = quoted.exec(field.value)?.[1];
    if (text === undefined && field.value.includes('"')) return undefined;
    field.value = text === undefined ? trimSpaces(field.value) : text.replace(/\\(.)/g, "$1");
  }
  return fields;
}

/** Returns undefined for an open quote. A backslash inside quotes escapes the next character. */
function splitOutsideQuotes(text: string, separator: string): string[] | undefined {
  const parts: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') isQuoted = !isQuoted;
    else if (char === "\\" && isQuoted) i++;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(begin, i));
      begin = i + 1;
    }
  }
  if (isQuoted) return undefined;
  parts.push(text.slice(begin));
  return parts;
}
