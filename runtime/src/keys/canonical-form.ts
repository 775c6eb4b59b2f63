import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { builtIn } from "../platform/built-in.js";
import { hasDuplicateMembers } from "../platform/json-members.js";

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
  const { from } = builtIn("node:buffer").Buffer;
  if (hasDuplicateMembers(from(first, "base64url"), header) || hasDuplicateMembers(from(second, "base64url"), claims)) {
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
