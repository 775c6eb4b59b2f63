/**
 * How a gateway encodes the text of its headers: `ascii` refuses everything else, `utf-8` is what most proxies write.
 */
export type HeaderEncoding = "ascii" | "utf-8";

/** Decodes the value of a header; undefined for a value that the encoding does not allow. */
export type DecodeHeaderText = (value: string) => string | undefined;

const ascii = /^[\x20-\x7e]*$/;

/** Control characters, and the sign for bytes that are not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
const forbidden = /[\x00-\x1f\x7f-\x9f\ufffd]/;

/** Runtimes hand over a value as its bytes (Node and the Fetch standard), or as the UTF-8 text they stand for (workerd). */
export function compileHeaderText(encoding: HeaderEncoding): DecodeHeaderText {
  if (encoding === "ascii") return (value) => (ascii.test(value) ? value : undefined);
  const toText = headersHoldText() ? (value: string) => value : decodeBytes;
  return (value) => {
    if (ascii.test(value)) return value;
    const text = toText(value);
    return text === undefined || forbidden.test(text) ? undefined : text;
  };
}

/** Whether `Headers` takes text beyond Latin-1, against the standard. Then it hands out decoded text as well. */
function headersHoldText(): boolean {
  try {
    return new Headers({ a: "\u0100" }).get("a") === "\u0100";
  } catch {
    return false;
  }
}

function decodeBytes(value: string): string | undefined {
  try {
    // Bytes that are not UTF-8 are refused, not replaced: two names would become one.
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
