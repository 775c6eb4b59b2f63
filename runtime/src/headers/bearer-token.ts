import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { maxCredentialLength, token68, tokenReader } from "./authorization-token.js";

/**
 * Returns the token of an `Authorization: Bearer` header (RFC 6750 section 2.1), or undefined without one.
 *
 * @throws InvalidCredentialError for two credentials in one call, for a malformed token, and for one above 16 KiB.
 */
export const readBearerToken: (header: Headers) => string | undefined = /* @__PURE__ */ tokenReader("Bearer");

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
const b64token: RegExp = /* @__PURE__ */ new RegExp(`^${token68}$`);
