import { Buffer } from "node:buffer";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

/** Three parts of base64url without padding. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What a part may end in, by the remainder of its length: unused bits are zero (RFC 4648 section 3.5). */
const ends = [undefined, "", "AQgw", "AEIMQUYcgkosw048"] as const;

/** A byte order mark in base64url. It is as long as four characters. */
const byteOrderMark = "77u_";

/**
 * Refuses a verified token that could be read in two ways: one spelling for one token, no extension of the header, and no
 * member named twice (RFC 7515 section 4, RFC 7519 section 4), of which two parsers may see different ones.
 *
 * @param header - what the token's first part was read as, and `claims` the second.
 * @throws InvalidCredentialError
 */
export function checkCanonicalForm(token: string, header: object, claims: object): void {
  // No extension is understood here (RFC 7515 section 4.1.11), and a JWT is never unencoded (RFC 7797 section 7).
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) {
    throw new InvalidCredentialError("an extension of the header (crit, b64)", { reason: "malformed", final: true });
  }
  const [first = "", second = "", third = ""] = token.split(".");
  if (first.startsWith(byteOrderMark) || second.startsWith(byteOrderMark)) {
    throw new InvalidCredentialError("a byte order mark", { reason: "malformed", final: true });
  }
  if (!compact.test(token) || !isCanonical(first) || !isCanonical(second) || !isCanonical(third)) {
    throw new InvalidCredentialError("not canonical base64url", { reason: "malformed", final: true });
  }
  if (membersIn(first) !== membersOf(header) || membersIn(second) !== membersOf(claims)) {
    throw new InvalidCredentialError("a member is named twice", { reason: "malformed", final: true });
  }
}

function isCanonical(part: string): boolean {
  const remainder = part.length & 3;
  return remainder === 0 || ends[remainder]?.includes(part.slice(-1)) === true;
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/**
 * How many members the objects of a valid JSON text name: it has a colon for each, and no other outside of its strings.
 * In UTF-8, no byte of another character looks like one of these three.
 */
function membersIn(part: string): number {
  const json = Buffer.from(part, "base64url");
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

/** How many members the objects of a value have. */
function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  for (const member of Object.values(value)) count += (Array.isArray(value) ? 0 : 1) + membersOf(member);
  return count;
}
