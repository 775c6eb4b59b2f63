import { tokenReader } from "./authorization-token.js";

/**
 * Returns the token of an `Authorization: DPoP` header (RFC 9449 section 7.1), or undefined without one.
 *
 * @throws InvalidCredentialError for two credentials in one call, for a malformed token, and for one above 16 KiB.
 */
export const readDpopToken: (header: Headers) => string | undefined = /* @__PURE__ */ tokenReader("DPoP");
