import { InvalidCredentialError } from "./authentication-error.js";

/** Longest credential that is looked at, in characters. */
const maxLength = 16 * 1024;

/**
 * The token of an `Authorization: Bearer` header (RFC 6750 section 2.1);
 * undefined where the header is absent or names another scheme.
 *
 * @throws InvalidCredentialError for two credentials in one call, for a malformed
 * token, and for one that is longer than 16 KiB.
 */
export function readBearerToken(header: Headers): string | undefined {
  const value = header.get("authorization");
  if (value === null) return undefined;
  if (value.length > maxLength) throw new InvalidCredentialError("the credential is too long");
  const token = bearer.exec(value)?.[1];
  if (token !== undefined) return token;
  if (/^bearer(?![\w!#$%&'*+\-.^`|~])/i.test(value)) throw new InvalidCredentialError("not one Bearer token");
  if (/,[ \t]*bearer\b/i.test(value)) throw new InvalidCredentialError("two credentials in one Authorization header");
  return undefined;
}

/**
 * The same token, for schemes that call {@link checkBearerToken} before they verify it: the grammar of a remembered token was
 * checked when it was verified, and checking it again takes longer than finding it.
 *
 * @throws InvalidCredentialError as {@link readBearerToken}, but for a character that no token has.
 */
export function findBearerToken(header: Headers): string | undefined {
  const value = header.get("authorization");
  const isOne =
    value?.startsWith("Bearer ") === true &&
    value.length > 7 &&
    value.length <= maxLength &&
    !value.includes(" ", 7) &&
    !value.includes(",");
  return isOne ? value.slice(7) : readBearerToken(header);
}

/** @throws InvalidCredentialError for what is not a token of RFC 6750 section 2.1. */
export function checkBearerToken(token: string): void {
  if (!b64token.test(token)) throw new InvalidCredentialError("not one Bearer token");
}

const b64token = /^[\w\-.~+/]+=*$/;

/** One b64token; a comma would be the join of two headers, a space a second credential. */
const bearer = /^bearer +([\w\-.~+/]+=*)$/i;
