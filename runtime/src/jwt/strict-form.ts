import { base64url } from "jose";
import { InvalidCredentialError } from "../authentication/authentication-error.js";

/** Base64url without padding whose unused bits are zero (RFC 4648 section 3.5). */
const canonical = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/**
 * Refuses a verified token that could be read in two ways: one spelling for one token, and no
 * member named twice (RFC 7515 section 4, RFC 7519 section 4), of which two parsers may see different ones.
 *
 * @throws InvalidCredentialError
 */
export function checkStrictForm(token: string): void {
  const parts = token.split(".");
  if (!parts.every((part) => canonical.test(part))) throw new InvalidCredentialError("not canonical base64url");
  for (const part of parts.slice(0, 2)) {
    if (hasRepeatedMember(new TextDecoder().decode(base64url.decode(part)))) {
      throw new InvalidCredentialError("a member is named twice");
    }
  }
}

const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/** Whether an object of a valid JSON text names a member twice. */
function hasRepeatedMember(json: string): boolean {
  const objects: Set<string>[] = [];
  for (const [token, colon] of json.matchAll(tokens)) {
    if (token === "{" || token === "[") objects.push(new Set());
    else if (token === "}" || token === "]") objects.pop();
    else if (colon !== undefined) {
      const members = objects.at(-1);
      const name: string = JSON.parse(token.slice(0, -colon.length));
      if (members?.has(name)) return true;
      members?.add(name);
    }
  }
  return false;
}
