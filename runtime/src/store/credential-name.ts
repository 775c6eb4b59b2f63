import { canonicalSpelling } from "./credential-spelling.js";

/** Allows the whole value of an `Authorization` header. */
const authorizationScheme = /^(?:bearer|basic|dpop|token|apikey) +/i;

/**
 * Returns the name of a credential for revocations, equal for all its spellings.
 *
 * For a signed JSON Web Token, it is header and payload: each ECDSA signature has a valid twin (s and n-s), and base64url has
 * several spellings. For an encrypted one, it is the encrypted bytes.
 *
 * @example
 * credentialName(`Bearer ${header}.${payload}.${signature}`) === credentialName(`${header}.${payload}.${twin}`);
 */
export function credentialName(credential: string): string {
  // A cookie may encode it.
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
 * Returns true for the header of a token in compact form (RFC 7515 and RFC 7516, section 7.1). Other credentials may have dots
 * too, such as `live.key.secret`.
 */
function hasMember(header: string, name: "alg" | "enc"): boolean {
  try {
    return typeof JSON.parse(atob(header.replaceAll("-", "+").replaceAll("_", "/")))[name] === "string";
  } catch {
    return false;
  }
}

/** Returns the canonical base64url of a part. */
function respell(part: string): string {
  return Buffer.from(part, "base64url").toString("base64url");
}
