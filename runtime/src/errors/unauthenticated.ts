import { Code, ConnectError } from "@connectrpc/connect";
import { withoutStackTrace } from "../platform/without-stack-trace.js";
import { insufficientAuthentication, invalidToken } from "./challenge.js";

/** Returns the error for missing credentials, with a challenge for each scheme. */
export function missingCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Missing credentials", challenges);
}

/** Returns the error for a credential that expired during the call. */
export function expiredCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Credentials expired", challenges.map(invalidToken));
}

/** Returns the error for a caller who must authenticate again, in another way or more recently (RFC 9470). */
export function insufficientUserAuthentication(challenges: readonly string[]): ConnectError {
  return unauthenticated("Insufficient authentication", challenges.map(insufficientAuthentication));
}

/** Returns an `unauthenticated` error with challenges (RFC 9110 section 11.6.1). */
export function unauthenticated(message: string, challenges: readonly string[], cause?: unknown): ConnectError {
  const metadata = challenges.map((value): [string, string] => ["www-authenticate", value]);
  return withoutStackTrace(() => new ConnectError(message, Code.Unauthenticated, metadata, undefined, cause));
}
