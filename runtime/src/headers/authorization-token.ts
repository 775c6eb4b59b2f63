import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

/** Longest accepted credential, in characters. */
export const maxCredentialLength: number = 16 * 1024;

/** One token68 (RFC 9110 section 11.2): no comma, which joins headers, and no space, which starts a second credential. */
export const token68 = "[\\w\\-.~+/]+=*";

/**
 * Returns a function that reads the token of an `Authorization` header with the given authentication scheme, or undefined without
 * one.
 *
 * The function throws an InvalidCredentialError for two credentials in one call, for a malformed token, and for one above 16 KiB.
 */
export function tokenReader(scheme: "Bearer" | "DPoP"): (header: Headers) => string | undefined {
  const one = new RegExp(`^${scheme} +(${token68})$`, "i");
  const begins = new RegExp(`^${scheme}(?![\\w!#$%&'*+\\-.^\`|~])`, "i");
  const follows = new RegExp(`,[ \\t]*${scheme}\\b`, "i");
  return (header) => {
    const value = header.get("authorization");
    if (value === null) return undefined;
    if (value.length > maxCredentialLength)
      throw new InvalidCredentialError("the credential is too long", { reason: "too-large" });
    const token = one.exec(value)?.[1];
    if (token !== undefined) return token;
    if (begins.test(value)) throw new InvalidCredentialError(`not one ${scheme} token`, { reason: "malformed" });
    if (follows.test(value))
      throw new InvalidCredentialError("two credentials in one Authorization header", { reason: "ambiguous" });
    return undefined;
  };
}
