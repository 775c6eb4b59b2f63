import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { checkValue } from "../options/read-options.js";
import { tokenName } from "./token-name.js";
import { trimSpaces } from "./trim-spaces.js";

/** A `cookie-value` (RFC 6265 section 4.1.1): visible ASCII without `"`, `,`, `;` and `\`, or such text in quotes. */
const cookieValue = /^(?:[!#-+\--:<-[\]-~]*|"[!#-+\--:<-[\]-~]*")$/;

/** Prefixes of protected cookies (RFC 6265bis section 4.1.3), in the spelling that every browser knows. */
const prefixes: readonly string[] = ["__Host-", "__Secure-"];

/** @throws TypeError for an invalid name, and for a prefix in a spelling that browsers may ignore. */
export function cookieName(name: unknown, option: string): string {
  checkValue(option, name, tokenName);
  const prefix = /^__(?:host|secure)-/i.exec(name as string)?.[0];
  if (prefix !== undefined && !prefixes.includes(prefix)) {
    const spelling = prefixes.find((known) => known.toLowerCase() === prefix.toLowerCase());
    throw new TypeError(`${option}: write "${spelling}", not "${prefix}": some browsers do not protect this spelling`);
  }
  return name as string;
}

/**
 * Returns the value of a cookie (RFC 6265 section 4.2.1) with its quotes, or undefined for an absent or empty one.
 *
 * Only spaces and tabs are trimmed. With other white space, a neighbouring host could set a second `__Host-session`. Other cookies
 * may have any value.
 *
 * @throws InvalidCredentialError for a repeated cookie, since a neighbouring host may have set one, and for a malformed value.
 */
export function readCookie(header: Headers, name: string): string | undefined {
  const start = `${name}=`;
  let found: string | undefined;
  for (const pair of (header.get("cookie") ?? "").split(";")) {
    const trimmed = trimSpaces(pair);
    if (!trimmed.startsWith(start)) continue;
    if (found !== undefined) throw new InvalidCredentialError(`cookie ${name}: sent twice`, { reason: "ambiguous" });
    found = trimmed.slice(start.length);
  }
  if (found === undefined || found === "" || found === '""') return undefined;
  if (!cookieValue.test(found))
    throw new InvalidCredentialError(`cookie ${name}: not a cookie-value of RFC 6265`, { reason: "malformed" });
  return found;
}

/**
 * Returns a `Cookie` header without lookalikes of this cookie: `sid =x`, Unicode white space before the name, the name alone.
 * {@link readCookie} ignores them, and laxer parsers do not.
 */
export function dropLookalikes(cookies: string, name: string): string {
  const isOther = (pair: string) => pair.split("=", 1)[0]?.trim() !== name;
  const pairs = cookies.split(";").filter((pair) => isOther(pair) || trimSpaces(pair).startsWith(`${name}=`));
  return pairs.join(";");
}
