import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import { authContextKey } from "../context/auth-context.js";
import { expiredCredentials } from "../errors/unauthenticated.js";
import { wallTime } from "../platform/clock.js";
import { stateOf } from "./call-state.js";

/**
 * Refuses a caller whose identity counts no longer. Synchronous, so that nothing can happen between this check and what follows.
 *
 * @throws ConnectError with code `unauthenticated`.
 */
export function checkStanding(values: ContextValues): void {
  const { standing, challenges } = stateOf(values);
  standing?.check();
  const context = values.get(authContextKey);
  // Other code may have established this identity.
  if (context !== undefined && context !== standing?.context && wallTime() >= expiryOf(context)) {
    throw expiredCredentials(challenges);
  }
}

/**
 * The last check before a handler starts: the identity counts, and the caller still waits for an answer.
 *
 * @throws ConnectError with code `unauthenticated`; or with the code for which the call was aborted, `deadline_exceeded` or `canceled`.
 */
export function checkCall(values: ContextValues, signal: AbortSignal): void {
  checkWaiting(signal);
  checkStanding(values);
}

/** @throws ConnectError with the code for which the call was aborted. */
export function checkWaiting(signal: AbortSignal): void {
  if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
}

/** Milliseconds since the epoch; infinite for an identity that does not expire. What is not a time has passed. */
export function expiryOf({ expiresAt }: { readonly expiresAt?: unknown }): number {
  if (expiresAt === undefined || expiresAt === null) return Number.POSITIVE_INFINITY;
  // Not `instanceof`: the Date may be of another realm.
  const time = Number(expiresAt);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}
