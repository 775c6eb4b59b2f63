import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { builtIn } from "../platform/built-in.js";

/** Three parts of base64url without padding. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The valid last characters of a part, by its length modulo 4: unused bits are zero (RFC 4648 section 3.5). */
const ends = [undefined, "", "AQgw", "AEIMQUYcgkosw048"] as const;

/** A byte order mark in base64url. */
const byteOrderMark = "77u_";

/**
 * Rejects a verified token that is ambiguous: another spelling of the same token, a header extension, or a duplicate member
 * (RFC 7515 section 4, RFC 7519 section 4). Parsers disagree about duplicates.
 *
 * @param header - the parsed first part of the token; `claims` is the parsed second part.
 * @throws InvalidCredentialError with reason `malformed`.
 */
export function checkCanonicalForm(token: string, header: object, claims: object): void {
  // We support no extension (RFC 7515 section 4.1.11), and a JWT must be encoded (RFC 7797 section 7).
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) {
    throw new InvalidCredentialError("unsupported header extension (crit, b64)", { reason: "malformed", final: true });
  }
  const [first = "", second = ""] = token.split(".");
  if (first.startsWith(byteOrderMark) || second.startsWith(byteOrderMark)) {
    throw new InvalidCredentialError("a byte order mark", { reason: "malformed", final: true });
  }
  if (!isCanonicalToken(token)) {
    throw new InvalidCredentialError("not canonical base64url", { reason: "malformed", final: true });
  }
  if (membersIn(first) !== membersOf(header) || membersIn(second) !== membersOf(claims)) {
    throw new InvalidCredentialError("duplicate member in the header or the claims", {
      reason: "malformed",
      final: true,
    });
  }
}

/** Whether a token is three parts of canonical base64url. */
export function isCanonicalToken(token: string): boolean {
  return compact.test(token) && token.split(".").every(isCanonical);
}

function isCanonical(part: string): boolean {
  const remainder = part.length & 3;
  return remainder === 0 || ends[remainder]?.includes(part.slice(-1)) === true;
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/**
 * Counts the members in a valid JSON text, duplicates included: each has one colon outside strings. In UTF-8, these three
 * bytes never occur inside another character.
 */
function membersIn(part: string): number {
  const json = builtIn("node:buffer").Buffer.from(part, "base64url");
  let members = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === quote) inString = !inString;
    else if (byte === backslash) i++;
    else if (byte === colon && !inString) members++;
  }
  return members;
}

/** Counts the members of a parsed value. */
function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  for (const member of Object.values(value)) count += (Array.isArray(value) ? 0 : 1) + membersOf(member);
  return count;
}
