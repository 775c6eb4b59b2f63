import { canonicalSpelling } from "./credential-spelling.js";

/** For whoever revokes the whole value of an `Authorization` header. */
const authorizationScheme = /^(?:bearer|basic|dpop|token|apikey) +/i;

/**
 * The name under which a credential is revoked, equal for all its spellings.
 *
 * A JSON Web Token counts by what was signed: header and payload. Each ECDSA signature has a twin that verifies as well
 * (s and n-s), and base64url has more than one spelling.
 *
 * @example
 * credentialName(`Bearer ${header}.${payload}.${signature}`) === credentialName(`${header}.${payload}.${twin}`);
 */
export function credentialName(credential: string): string {
  const text = canonicalSpelling(credential.replace(authorizationScheme, ""));
  const end = text.lastIndexOf(".");
  return isSignedToken(text) ? text.slice(0, end) : text;
}

/** Whether it is a JWS in compact form (RFC 7515 section 7.1). Others may have dots in them, such as `live.key.secret`. */
function isSignedToken(text: string): boolean {
  const header = /^([\w-]+)\.[\w-]*\.[^.]*$/.exec(text)?.[1];
  if (header === undefined) return false;
  try {
    return typeof JSON.parse(atob(header.replaceAll("-", "+").replaceAll("_", "/"))).alg === "string";
  } catch {
    return false;
  }
}
