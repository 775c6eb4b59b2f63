import { Code, ConnectError } from "@connectrpc/connect";

/** A token with the time until which it may be kept. */
export interface BearerToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Null and undefined: nobody is signed in. */
export type TokenProvider = () =>
  | string
  | BearerToken
  | null
  | undefined
  | Promise<string | BearerToken | null | undefined>;

export interface TokenSource {
  /** @throws ConnectError with code `unauthenticated` for what is not a token, else what the provider throws. */
  get(): Promise<string | undefined>;
  /** Forgets a token that was refused. */
  forget(token: string): void;
}

/** A token is not kept to its last moment: the call has to arrive as well. In milliseconds. */
const margin = 30_000;

/** Asks the provider once for all who wait, and keeps what has an `expiresAt` until shortly before. */
export function createTokenSource(provider: TokenProvider): TokenSource {
  let kept: BearerToken | undefined;
  let pending: Promise<string | undefined> | undefined;

  async function ask(): Promise<string | undefined> {
    const answer = await provider();
    if (answer === null || answer === undefined) return undefined;
    const token = typeof answer === "string" ? answer : answer.token;
    if (!isBearerToken(token)) {
      throw new ConnectError("The token provider gave something that is not a Bearer token", Code.Unauthenticated);
    }
    kept = typeof answer === "string" ? undefined : { token, expiresAt: answer.expiresAt };
    return token;
  }

  return {
    get() {
      if (kept !== undefined && Date.now() < kept.expiresAt.getTime() - margin) return Promise.resolve(kept.token);
      pending ??= ask().finally(() => {
        pending = undefined;
      });
      return pending;
    },
    forget(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

/** Whether a header can carry it as RFC 6750 section 2.1 has it: `undefined` written out in words is one mistake it catches. */
export function isBearerToken(token: unknown): token is string {
  return typeof token === "string" && /^[\w\-.~+/]+=*$/.test(token) && token !== "undefined" && token !== "null";
}
