import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { maxCredentialLength } from "../headers/authorization-token.js";
import { cookieName, readCookie } from "../headers/cookie.js";
import { headerName } from "../headers/header-name.js";

/** Where a scheme finds its tokens, if not in `Authorization`. */
export interface TokenPlaceOptions {
  /**
   * Header with the token alone, such as `x-goog-iap-jwt-assertion`. It is removed before the handler. Default:
   * `Authorization: Bearer`.
   */
  readonly header?: string;
  /**
   * Cookie with the token, such as `CF_Authorization`. A browser sends cookies to calls that other sites start: set `SameSite`.
   * Default: `Authorization: Bearer`.
   */
  readonly cookie?: string;
}

export interface TokenPlace {
  /** Headers that are removed before the handler. */
  readonly trustedHeaders: readonly string[];
  /** @throws InvalidCredentialError for a malformed, repeated or too long token. */
  read(header: Headers): string | undefined;
}

/**
 * Compiles the options. Returns undefined for tokens in `Authorization`.
 *
 * @param hasProofs - whether tokens demand a proof of possession.
 * @throws TypeError for a malformed name, and for options that contradict each other.
 */
export function compileTokenPlace(options: TokenPlaceOptions, hasProofs: boolean): TokenPlace | undefined {
  const given = (["header", "cookie"] as const).filter((name) => Object.hasOwn(options, name));
  const [place] = given;
  if (place === undefined) return undefined;
  if (given.length > 1) throw new TypeError("header, cookie: keep one; for both, list two schemes");
  if (hasProofs) throw new TypeError(`${place}: tokens with proofs come in Authorization; remove ${place} or proofs`);
  if (place === "header") {
    const name = headerName(options.header, "header");
    return { trustedHeaders: [name], read: (header) => checkToken(header.get(name), name) };
  }
  const name = cookieName(options.cookie, "cookie");
  return { trustedHeaders: [], read: (header) => checkToken(readCookie(header, name) ?? null, `cookie ${name}`) };
}

function checkToken(token: string | null, place: string): string | undefined {
  if (token === null) return undefined;
  if (token.length > maxCredentialLength || !/^[\w\-.]+$/.test(token))
    throw new InvalidCredentialError(`${place}: not one token`, { reason: "malformed" });
  return token;
}
