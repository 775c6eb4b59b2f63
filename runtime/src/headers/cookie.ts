import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { trimSpaces } from "./trim-spaces.js";

/** A `cookie-value` (RFC 6265 section 4.1.1): visible ASCII without quotes, commas, semicolons and backslashes, or such text in quotes. */
const cookieValue = /^(?:[!#-+\--:<-[\]-~]*|"[!#-+\--:<-[\]-~]*")$/;

/**
 * The value of a cookie (RFC 6265 section 4.2.1) as the server set it, with its quotes; undefined if it is absent or empty.
 *
 * A pair with anything but spaces and tabs around its name has another name: Unicode white space is not trimmed, or a
 * neighbouring host could set a second `__Host-session`. Other cookies may hold anything.
 *
 * @throws InvalidCredentialError for a cookie that is sent twice, since a neighbouring host may have set one of the two,
 * and for a value that is not a `cookie-value`.
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
 * A `Cookie` header without the pairs that {@link readCookie} takes for others, and a parser that trims more for this cookie:
 * `sid =x`, white space of Unicode before the name, the name alone.
 */
export function dropLookalikes(cookies: string, name: string): string {
  const isOther = (pair: string) => pair.split("=", 1)[0]?.trim() !== name;
  const pairs = cookies.split(";").filter((pair) => isOther(pair) || trimSpaces(pair).startsWith(`${name}=`));
  return pairs.join(";");
}
