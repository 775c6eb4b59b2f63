import { trimSpaces } from "./trim-spaces.js";

/**
 * The URI of the client certificate that the last hop of an `x-forwarded-client-cert` header saw (Envoy's format).
 *
 * A comma separates the elements, one for each hop, of which only the last was written by the peer of this server. A
 * semicolon separates the fields of an element. Both count as text inside quotes. Envoy does not quote URIs, so a semicolon
 * that no known key follows belongs to the value before it.
 *
 * @returns undefined for a header that is malformed in any hop, and for a last hop with no URI or several.
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

/** The fields of one hop; undefined where it is malformed. */
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

/** Undefined where a quote is not closed. A backslash inside quotes takes the next character as it is. */
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
