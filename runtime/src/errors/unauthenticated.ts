import { Code, ConnectError } from "@connectrpc/connect";
import { withoutStackTrace } from "../platform/without-stack-trace.js";
import { invalidToken } from "./challenge.js";

/** Nothing was presented where a credential is needed: `unauthenticated`, with a challenge for each scheme. */
export function missingCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Missing credentials", challenges);
}

/** The credential expired during the call. */
export function expiredCredentials(challenges: readonly string[]): ConnectError {
  return unauthenticated("Credentials expired", challenges.map(invalidToken));
}

/** The caller has to prove who it is, by one of the schemes. */
export function unauthenticated(message: string, challenges: readonly string[], cause?: unknown): ConnectError {
  const metadata = challenges.map((value): [string, string] => ["www-authenticate", value]);
  return withoutStackTrace(() => new ConnectError(message, Code.Unauthenticated, metadata, undefined, cause));
}
