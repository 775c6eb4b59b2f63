import { milliseconds, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { monotonicTime, wallTime } from "../platform/clock.js";
import { expiryOf, tokenOf } from "./token-answer.js";
import { TokenAttempt } from "./token-attempt.js";
import type { TokenAnswer, TokenProvider } from "./token-provider.js";

export interface SharedTokenOptions {
  /** Time limit of one attempt to get a token, in milliseconds. Default: 10000. */
  readonly timeout?: number;
}

const sharedTokenOptions = (): OptionTable<SharedTokenOptions, "timeout"> => ({
  timeout: withDefault(milliseconds, 10_000),
});

/** Longest time before expiry at which a token is replaced, in milliseconds: the call must still arrive. */
const longestMargin = 30_000;

interface Kept {
  readonly token: string;
  /** Both clocks count: the wall clock can be set back, and the monotonic clock stops while the machine sleeps. */
  readonly until: number;
  readonly untilMonotonic: number;
}

/**
 * Shares one token among all calls, for a service's own identity. **Never use it for a user's token**: every call of the
 * process would carry it.
 *
 * Keeps the token until 30 seconds before `expiresAt`, or for half of a shorter life. Without `expiresAt`, keeps nothing.
 * Concurrent calls share one attempt. A failed attempt fails only its waiting calls. A hanging one is aborted once all of
 * them have left. Forgets a token that a server rejects.
 *
 * @param ask - gets a token. Its `signal` is aborted when the attempt is abandoned.
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
    // An abandoned attempt must not overwrite the token of the next one.
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
      // A call that joined a running attempt has time left for another one.
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
