import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

/** Longest accepted credential, in characters. */
export const maxCredentialLength: number = 16 * 1024;

/**
 * Returns the token of an `Authorization: Bearer` header (RFC 6750 section 2.1), or undefined without one.
 *
 * @throws InvalidCredentialError for two credentials in one call, for a malformed token, and for one above 16 KiB.
 */
export function readBearerToken(header: Headers): string | undefined {
  const value = header.get("authorization");
  if (value === null) return undefined;
  if (value.length > maxCredentialLength)
    throw new InvalidCredentialError("the credential is too long", { reason: "too-large" });
  const token = bearer.exec(value)?.[1];
  if (token !== undefined) return token;
  if (/^bearer(?![\w!#$%&'*+\-.^`|~])/i.test(value))
    throw new InvalidCredentialError("not one Bearer token", { reason: "malformed" });
  if (/,[ \t]*bearer\b/i.test(value))
    throw new InvalidCredentialError("two credentials in one Authorization header", { reason: "ambiguous" });
  return undefined;
}

/**
 * Returns the same token without checking its characters. For schemes that call {@link checkBearerToken} during verification: a
 * cached token needs no second check.
 *
 * @throws InvalidCredentialError as {@link readBearerToken}, except for characters outside the grammar.
 */
export function findBearerToken(header: Headers): string | undefined {
  const value = header.get("authorization");
  const isOne =
    value?.startsWith("Bearer ") === true &&
    value.length > 7 &&
    value.length <= maxCredentialLength &&
    !value.includes(" ", 7) &&
    !value.includes(",");
  return isOne ? value.slice(7) : readBearerToken(header);
}

/** @throws InvalidCredentialError unless the token matches the grammar of RFC 6750 section 2.1. */
export function checkBearerToken(token: string): void {
  if (!b64token.test(token)) throw new InvalidCredentialError("not one Bearer token", { reason: "malformed" });
}

/** `b64token` of RFC 6750 section 2.1. */
const grammar = "[\\w\\-.~+/]+=*";

const b64token: RegExp = /* @__PURE__ */ new RegExp(`^${grammar}$`);

/** One b64token. It has no comma, which joins headers, and no space, which starts a second credential. */
const bearer: RegExp = /* @__PURE__ */ new RegExp(`^bearer +(${grammar})$`, "i");
