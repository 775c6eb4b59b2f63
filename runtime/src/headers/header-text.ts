/** The text encodings of a gateway's headers. */
export const headerEncodings = ["ascii", "utf-8", "percent"] as const;

/**
 * The text encoding of a gateway's headers. `ascii` refuses other characters. Most proxies write `utf-8`. `percent` is
 * percent-encoded UTF-8 (RFC 3986 section 2.1) in ASCII: `Z%C3%BCrich`. Each name of a list is encoded apart; JSON as a whole.
 */
export type HeaderEncoding = (typeof headerEncodings)[number];

/** Decodes the value of a header. Returns undefined for a value outside the encoding. */
export type DecodeHeaderText = (value: string) => string | undefined;

const ascii = /^[\x20-\x7e]*$/;

/** Control characters, and the replacement character for invalid UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
const forbidden = /[\x00-\x1f\x7f-\x9f\ufffd]/;

/** Node and the Fetch standard return a value as its bytes; workerd returns decoded UTF-8. */
export function compileHeaderText(encoding: HeaderEncoding): DecodeHeaderText {
  if (encoding === "percent") return decodePercent;
  if (encoding === "ascii") return (value) => (ascii.test(value) ? value : undefined);
  const toText = headersHoldText() ? (value: string) => value : decodeBytes;
  return (value) => {
    if (ascii.test(value)) return value;
    const text = toText(value);
    return text === undefined || forbidden.test(text) ? undefined : text;
  };
}

/** Returns true if `Headers` accepts text beyond Latin-1, against the standard. It returns decoded text then. */
function headersHoldText(): boolean {
  try {
    return new Headers({ a: "\u0100" }).get("a") === "\u0100";
  } catch {
    return false;
  }
}

/** Every percent-encoder encodes quotes. A plain one is JSON with encoded parts, which could end a string of it. */
function decodePercent(value: string): string | undefined {
  if (!ascii.test(value) || value.includes('"')) return undefined;
  try {
    const text = decodeURIComponent(value);
    return forbidden.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function decodeBytes(value: string): string | undefined {
  try {
    // Refuse invalid UTF-8. A replacement character would make two names equal.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(Uint8Array.from(value, byteOf));
  } catch {
    return undefined;
  }
}

function byteOf(char: string): number {
  const code = char.charCodeAt(0);
  if (code > 0xff) throw new RangeError("not a byte");
  return code;
}
