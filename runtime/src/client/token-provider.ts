import type { StreamRequest, UnaryRequest } from "@connectrpc/connect";

/** A token with its expiry. */
export interface BearerToken {
  readonly token: string;
  /**
   * Expiry, used by `sharedToken`: a Date, seconds or milliseconds since the epoch, or an ISO 8601 text with a time zone.
   * OAuth's `expires_in` is a duration; convert it first.
   */
  readonly expiresAt?: Date | number | string | null | undefined;
}

/** The token. Null or undefined: nobody is signed in. */
export type TokenAnswer = string | BearerToken | null | undefined;

/**
 * Returns the token of a call. Called once per call, because concurrent calls of a server belong to different users.
 *
 * @example
 * const provider: TokenProvider = (request) => sessions.get(request.contextValues.get(userKey))?.accessToken;
 */
export interface TokenProvider {
  (request: UnaryRequest | StreamRequest): TokenAnswer | Promise<TokenAnswer>;
  /** Called with a token that a server rejected. */
  forget?(token: string): void;
}
