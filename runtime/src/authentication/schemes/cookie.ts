import { InvalidCredentialError } from "../authentication-error.js";

/**
 * The value of a cookie (RFC 6265 section 5.4), as it was set; undefined where there is none.
 *
 * @throws InvalidCredentialError where the cookie is sent twice: one of the two may have been planted by a neighbouring
 * host, and servers disagree on which one counts.
 */
export function readCookie(header: Headers, name: string): string | undefined {
  const pairs = (header.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  if (values.length > 1) throw new InvalidCredentialError(`cookie ${name}: sent twice`);
  return values[0] === "" ? undefined : values[0];
}
