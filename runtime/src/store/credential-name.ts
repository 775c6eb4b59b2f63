import { canonicalSpelling } from "./credential-spelling.js";

/** For whoever revokes the whole value of an `Authorization` header. */
const authorizationScheme = /^(?:bearer|basic|dpop|token|apikey) +/i;

/**
 * The name under which a credential is revoked, equal for all its spellings.
 *
 * A signed JSON Web Token counts by what was signed: header and payload. Each ECDSA signature has a twin that verifies as well
 * (s and n-s), and base64url has more than one spelling. An encrypted one counts by the bytes that are decrypted.
 *
 * @example
 * credentialName(`Bearer ${header}.${payload}.${signature}`) === credentialName(`${header}.${payload}.${twin}`);
 */
export function credentialName(credential: string): string {
  // Within the value of a cookie, it may be encoded.
  const text = withoutScheme(canonicalSpelling(withoutScheme(credential)));
  const [header = "", ...parts] = text.split(".");
  if (parts.length === 2 && hasMember(header, "alg")) return `${header}.${parts[0]}`;
  if (parts.length === 4 && hasMember(header, "enc")) return [header, ...parts.map(respell)].join(".");
  return text;
}

function withoutScheme(credential: string): string {
  return credential.replace(authorizationScheme, "");
}

/**
 * Whether it is the header of a token in compact form (RFC 7515 and RFC 7516, section 7.1). Other credentials may have dots in
 * them, such as `live.key.secret`.
 */
function hasMember(header: string, name: "alg" | "enc"): boolean {
  try {
    return typeof JSON.parse(atob(header.replaceAll("-", "+").replaceAll("_", "/")))[name] === "string";
  } catch {
    return false;
  }
}

/** The one spelling of the bytes that a decoder makes of a part. */
function respell(part: string): string {
  return Buffer.from(part, "base64url").toString("base64url");
}
