import { milliseconds, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { monotonicTime, wallTime } from "../platform/clock.js";
import { expiryOf, tokenOf } from "./token-answer.js";
import { TokenAttempt } from "./token-attempt.js";
import type { TokenAnswer, TokenProvider } from "./token-provider.js";

export interface SharedTokenOptions {
  /** How long one attempt to get a token may take, in milliseconds. By default, 10000. */
  readonly timeout?: number;
}

const sharedTokenOptions = (): OptionTable<SharedTokenOptions, "timeout"> => ({
  timeout: withDefault(milliseconds, 10_000),
});

/** A token is not used to its last moment, since the call has to arrive as well. In milliseconds. */
const longestMargin = 30_000;

interface Kept {
  readonly token: string;
  /** By both clocks: the wall clock can be set back, and the monotonic clock stands still while the machine sleeps. */
  readonly until: number;
  readonly untilMonotonic: number;
}

/**
 * One token for all calls, for a service's own identity. **Never for a token of a user**: all calls of the process carry it.
 *
 * The token is kept until 30 seconds before `expiresAt`, or half of its life if that is shorter. Calls that need a new one at
 * the same time share one attempt; without `expiresAt` that is all they share. A refused token is forgotten. A failed
 * attempt fails the calls that wait for it, and no later ones; one that hangs ends when all of them have left.
 *
 * @param ask - gets a token. Its `signal` is aborted when the attempt is given up.
 * @throws TypeError for a misconfiguration.
 *
 * @example
 * const bearer = createClientBearerInterceptor({
 *   token: sharedToken(async ({ signal }) => {
 *     const response = await fetch(tokenEndpoint, { method: "POST", body, signal });
 *     const { access_token, expires_in } = await response.json();
 *     return { token: access_token, expiresAt: new Date(Date.now() + expires_in * 1000) };
 *   }),
 * });
 */
export function sharedToken(
  ask: (context: { readonly signal: AbortSignal }) => TokenAnswer | Promise<TokenAnswer>,
  options: SharedTokenOptions = {},
): TokenProvider {
  if (typeof ask !== "function") throw new TypeError(`sharedToken: expected a function, got ${typeof ask}`);
  const { timeout } = readOptions("sharedToken", options, sharedTokenOptions, "sharedToken.");
  let kept: Kept | undefined;
  let attempt: TokenAttempt<string | undefined> | undefined;

  async function askOnce(signal: AbortSignal): Promise<string | undefined> {
    const answer = await ask({ signal });
    const token = tokenOf(answer);
    const expiresAt = expiryOf(answer);
    // An attempt that nobody waits for has been followed by another one.
    if (!signal.aborted) kept = token === undefined || expiresAt === undefined ? undefined : keep(token, expiresAt);
    return token;
  }

  async function wait(signal: AbortSignal, mayJoinLate: boolean): Promise<string | undefined> {
    const joined = attempt?.isPending === true;
    if (!joined) attempt = new TokenAttempt(timeout, askOnce);
    const current = attempt as TokenAttempt<string | undefined>;
    const due = monotonicTime() + timeout;
    try {
      return await current.wait(signal);
    } catch (error) {
      // A call that came later than the attempt has time left for another one.
      const hasTime = joined && mayJoinLate && monotonicTime() < due;
      if (hasTime && current.isLate && !signal.aborted) return wait(signal, false);
      throw error;
    }
  }

  function provide({ signal }: { readonly signal: AbortSignal }): string | Promise<string | undefined> {
    const isKept = kept !== undefined && wallTime() < kept.until && monotonicTime() < kept.untilMonotonic;
    return isKept ? (kept as Kept).token : wait(signal, true);
  }

  return Object.assign(provide, {
    forget(token: string) {
      if (kept?.token === token) kept = undefined;
    },
  });
}

function keep(token: string, expiresAt: number): Kept {
  const left = expiresAt - wallTime();
  const use = Math.max(left - longestMargin, left / 2);
  return { token, until: wallTime() + use, untilMonotonic: monotonicTime() + use };
}
