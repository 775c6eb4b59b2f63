import { InvalidProofError } from "../errors/invalid-proof-error.js";

/** An absolute URL of HTTP in the characters of RFC 3986. A URL parser repairs others: it drops tabs, and turns `\` into `/`. */
const httpUrl = /^https?:\/\/[\w\-.~%!$&'()*+,;=:[\]]+(?:[/?#][\w\-.~%!$&'()*+,;=:@/?#[\]]*)?$/i;

/**
 * Reads the addresses at which clients call the API. Returns them normalized, without a slash at the end.
 *
 * @throws TypeError unless each is an absolute URL of HTTP without user, query and fragment.
 */
export function readBaseUrls(value: string | readonly string[]): readonly string[] {
  return [value].flat().map((given) => {
    const fail = (problem: string) => new TypeError(`dpop.baseUrl: ${JSON.stringify(given)} ${problem}`);
    if (!httpUrl.test(given) || !URL.canParse(given)) {
      throw fail('is not an address. Write the baseUrl of the clients, such as "https://api.example.com"');
    }
    if (/[?#]/.test(given)) throw fail("has a query or a fragment. Remove it");
    return normalizeUrl(given).replace(/\/+$/, "");
  });
}

/**
 * Normalizes the claim `htu` (RFC 9449 section 4.3): by syntax and by scheme (RFC 3986 sections 6.2.2 and 6.2.3), without query
 * and fragment.
 *
 * @throws InvalidProofError for anything but an absolute URL of HTTP.
 */
export function normalizeUrl(htu: unknown): string {
  if (typeof htu !== "string" || !httpUrl.test(htu) || !URL.canParse(htu)) {
    throw new InvalidProofError("its htu is not an absolute URL", "invalid_dpop_proof");
  }
  const [address = ""] = htu.split(/[?#]/, 1);
  // Escapes of characters that need none are undone before the parser removes dot segments.
  const { origin, pathname } = new URL(address.replace(/%[0-9a-f]{2}/gi, unescapeUnreserved));
  return origin + pathname;
}

/** RFC 3986 sections 6.2.2.1 and 6.2.2.2. */
function unescapeUnreserved(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return /[\w\-.~]/.test(character) ? character : escaped.toUpperCase();
}
