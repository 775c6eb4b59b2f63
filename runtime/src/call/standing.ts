import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import { authContextKey } from "../context/auth-context.js";
import { expiredCredentials } from "../errors/unauthenticated.js";
import { wallTime } from "../platform/clock.js";
import { stateOf } from "./call-state.js";
import { endsWith } from "./stream-endings.js";

/**
 * Refuses an identity that expired or was revoked. Synchronous: nothing happens between the check and the next step.
 *
 * @param isOpen - for an open stream: the option `streams` says what ends it.
 * @throws ConnectError with code `unauthenticated`.
 */
export function checkStanding(values: ContextValues, isOpen = false): void {
  const { standing, challenges } = stateOf(values);
  if (isOpen) standing?.checkOpen();
  else standing?.check();
  const context = values.get(authContextKey);
  // Other code may have established this identity.
  if (context === undefined || context === standing?.context) return;
  if (isOpen && !endsWith(standing?.streams ?? "all", "expiry")) return;
  if (wallTime() >= expiryOf(context)) throw expiredCredentials(challenges);
}

/**
 * The last check before a handler starts: the identity is valid, and the caller still waits.
 *
 * @param isOpen - for a stream that a handler has started.
 * @throws ConnectError with code `unauthenticated`, or `deadline_exceeded` or `canceled` for an aborted call.
 */
export function checkCall(values: ContextValues, signal: AbortSignal, isOpen = false): void {
  checkWaiting(signal);
  checkStanding(values, isOpen);
}

/** @throws ConnectError with the code of an aborted call: `deadline_exceeded` or `canceled`. */
export function checkWaiting(signal: AbortSignal): void {
  if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
}

/** Returns milliseconds since the epoch: infinity without an expiry, and the past for an invalid one. */
export function expiryOf({ expiresAt }: { readonly expiresAt?: unknown }): number {
  if (expiresAt === undefined || expiresAt === null) return Number.POSITIVE_INFINITY;
  // Not `instanceof`: the Date may be of another realm.
  const time = Number(expiresAt);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}
