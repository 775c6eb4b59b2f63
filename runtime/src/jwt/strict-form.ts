import { Buffer } from "node:buffer";
import { InvalidCredentialError } from "../authentication/authentication-error.js";

/** Three parts of base64url without padding. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What a part may end with whose length leaves a remainder of 2 or 3: characters whose unused bits are zero (RFC 4648 section 3.5). */
const lastOf = [/^/, /^$/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/] as const;

/**
 * Refuses a verified token that could be read in two ways: one spelling for one token, and no
 * member named twice (RFC 7515 section 4, RFC 7519 section 4), of which two parsers may see different ones.
 *
 * @throws InvalidCredentialError
 */
export function checkStrictForm(token: string): void {
  const parts = token.split(".");
  if (!compact.test(token) || !parts.every((part) => lastOf[part.length & 3]?.test(part.slice(-1)))) {
    throw new InvalidCredentialError("not canonical base64url", { final: true });
  }
  for (const part of parts.slice(0, 2)) {
    if (hasRepeatedMember(Buffer.from(part, "base64url").toString())) {
      throw new InvalidCredentialError("a member is named twice", { final: true });
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
      const quoted = token.slice(0, -colon.length);
      const name: string = quoted.includes("\\") ? JSON.parse(quoted) : quoted.slice(1, -1);
      if (members?.has(name)) return true;
      members?.add(name);
    }
  }
  return false;
}
