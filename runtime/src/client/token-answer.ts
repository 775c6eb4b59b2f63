import { Code, ConnectError } from "@connectrpc/connect";
import { codeOf, isConnectError } from "../errors/failed-verification.js";
import { timeOf } from "../platform/time-of.js";
import type { TokenAnswer } from "./token-provider.js";

/**
 * Returns the token of a provider's answer, or undefined if nobody is signed in.
 *
 * @throws ConnectError with code `unauthenticated` if the token is not a Bearer token.
 */
export function tokenOf(answer: TokenAnswer): string | undefined {
  if (answer === null || answer === undefined) return undefined;
  const token = typeof answer === "string" ? answer : answer.token;
  if (isBearerToken(token)) return token;
  throw new ConnectError("The token provider returned an invalid Bearer token", Code.Unauthenticated);
}

/**
 * Returns the expiry of a token in milliseconds since the epoch, or undefined if the answer has none.
 *
 * @throws ConnectError with code `internal` for an ambiguous or invalid expiry.
 */
export function expiryOf(answer: TokenAnswer): number | undefined {
  const expiresAt = typeof answer === "object" ? answer?.expiresAt : undefined;
  if (expiresAt === undefined || expiresAt === null) return undefined;
  const time = millisecondsOf(expiresAt);
  if (Number.isFinite(time)) return time;
  throw new ConnectError(
    `expiresAt: expected a Date, seconds or milliseconds since the epoch, or an ISO 8601 text with a time zone, got ${expiresAt}. ` +
      "For OAuth's expires_in write new Date(Date.now() + expires_in * 1000)",
    Code.Internal,
  );
}

/** Converts a provider's error: keeps a `ConnectError`; an outage is `unavailable`, any other error `unauthenticated`. */
export function providerError(cause: unknown): ConnectError {
  if (cause instanceof ConnectError) return cause;
  if (isConnectError(cause)) return new ConnectError(cause.rawMessage, cause.code, undefined, undefined, cause);
  return new ConnectError("The token provider failed", codeOf(cause), undefined, undefined, cause);
}

/** Whether the text is a Bearer token (RFC 6750 section 2.1). The words `undefined` and `null` come from template literals. */
export function isBearerToken(token: unknown): token is string {
  return typeof token === "string" && /^[\w\-.~+/]+=*$/.test(token) && token !== "undefined" && token !== "null";
}

/** 2001 to 5138 in seconds, 2001 to 275760 in milliseconds. Any other number is ambiguous, or a duration. */
const [firstSecond, lastSecond] = [1e9, 1e11];
const [firstMillisecond, lastMillisecond] = [1e12, 8.64e15];

function millisecondsOf(expiresAt: unknown): number {
  if (typeof expiresAt === "number") {
    if (expiresAt >= firstSecond && expiresAt < lastSecond) return expiresAt * 1_000;
    return expiresAt >= firstMillisecond && expiresAt <= lastMillisecond ? expiresAt : Number.NaN;
  }
  if (typeof expiresAt === "string") {
    return /^\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d)$/i.test(expiresAt) ? Date.parse(expiresAt) : Number.NaN;
  }
  return timeOf(expiresAt);
}
