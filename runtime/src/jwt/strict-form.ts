import { Buffer } from "node:buffer";
import { InvalidCredentialError } from "../authentication/authentication-error.js";

/** Three parts of base64url without padding. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The last character of a part, by the remainder of its length: its unused bits are zero (RFC 4648 section 3.5). */
const lastOf = [/./, /^$/, /[AQgw]/, /[AEIMQUYcgkosw048]/] as const;

/**
 * Refuses a verified token that could be read in two ways: one spelling for one token, and no
 * member named twice (RFC 7515 section 4, RFC 7519 section 4), of which two parsers may see different ones.
 *
 * @param header - what the token's first part was read as, and `claims` the second.
 * @throws InvalidCredentialError
 */
export function checkStrictForm(token: string, header: object, claims: object): void {
  const [first = "", second = "", third = ""] = token.split(".");
  if (!compact.test(token) || ![first, second, third].every(isCanonical)) {
    throw new InvalidCredentialError("not canonical base64url", { final: true });
  }
  if (membersIn(first) !== membersOf(header) || membersIn(second) !== membersOf(claims)) {
    throw new InvalidCredentialError("a member is named twice", { final: true });
  }
}

function isCanonical(part: string): boolean {
  return lastOf[part.length & 3]?.test(part.slice(-1)) === true;
}

/** How many members the objects of a valid JSON text name: it has a colon for each, and no other outside of its strings. */
function membersIn(part: string): number {
  const json = Buffer.from(part, "base64url").toString();
  return json.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
}

/** How many members the objects of a value have. */
function membersOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const members = Object.values(value);
  return members.reduce<number>((sum, member) => sum + membersOf(member), Array.isArray(value) ? 0 : members.length);
}
