import type { StreamRequest, UnaryRequest } from "@connectrpc/connect";

/** A token with its expiry. */
export interface BearerToken {
  readonly token: string;
  /**
   * When the token expires, for `sharedToken`: a Date, seconds or milliseconds since the epoch, or an ISO 8601 text with a
   * time zone. Not OAuth's `expires_in`, which is a duration.
   */
  readonly expiresAt?: Date | number | string | null | undefined;
}

/** Null and undefined: nobody is signed in. */
export type TokenAnswer = string | BearerToken | null | undefined;

/**
 * Returns the token of a call. Called for each call: on a server, concurrent calls are those of different users.
 *
 * @example
 * const provider: TokenProvider = (request) => sessions.get(request.contextValues.get(userKey))?.accessToken;
 */
export interface TokenProvider {
  (request: UnaryRequest | StreamRequest): TokenAnswer | Promise<TokenAnswer>;
  /** Called with a token that a server refused. */
  forget?(token: string): void;
}
