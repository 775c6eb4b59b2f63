import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { maxCredentialLength } from "./bearer-token.js";

/** One token68 (RFC 9110 section 11.2): no comma, which joins headers, and no space, which starts a second credential. */
const dpop = /^dpop +([\w\-.~+/]+=*)$/i;

/**
 * Returns the token of an `Authorization: DPoP` header (RFC 9449 section 7.1), or undefined without one.
 *
 * @throws InvalidCredentialError for two credentials in one call, for a malformed token, and for one above 16 KiB.
 */
export function readDpopToken(header: Headers): string | undefined {
  const value = header.get("authorization");
  if (value === null) return undefined;
  if (value.length > maxCredentialLength)
    throw new InvalidCredentialError("the credential is too long", { reason: "too-large" });
  const token = dpop.exec(value)?.[1];
  if (token !== undefined) return token;
  if (/^dpop(?![\w!#$%&'*+\-.^`|~])/i.test(value))
    throw new InvalidCredentialError("not one DPoP token", { reason: "malformed" });
  if (/,[ \t]*dpop\b/i.test(value))
    throw new InvalidCredentialError("two credentials in one Authorization header", { reason: "ambiguous" });
  return undefined;
}
