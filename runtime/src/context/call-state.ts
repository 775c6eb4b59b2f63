import type { ContextKey, ContextValues, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import type { AuthContext } from "./auth-context.js";
import { sharedContextKey } from "./shared.js";

/** A verified credential of one call, which can expire or be revoked while the call goes on. */
export interface Standing {
  /** The identity that the credential established. */
  readonly context: AuthContext;
  /** Whether an interceptor already ends the call, a stream, with its credential. */
  guarded: boolean;
  /** @throws ConnectError with code `unauthenticated` for a credential that has expired, or that this process knows to be revoked. */
  check(): void;
}

/** What the gate and the interceptors know of one call. Not public: code outside cannot say that a call has been authorized. */
export interface CallState {
  /** Headers out of which what clients sent was taken. A second authentication must not take what the first wrote. */
  stripped: Headers | undefined;
  /** The credential that was verified last; it refers to those before it. */
  standing: Standing | undefined;
  /**
   * Challenges (RFC 9110 section 11.6.1) of the schemes that count for the call: of the one that established the caller, or
   * of all that could have. For refusals that come after authentication.
   */
  challenges: readonly string[];
  /** The request that authorization let through. */
  authorized: UnaryRequest | StreamRequest | undefined;
  /** Whether authorization refused the call. For `checkWiring`. */
  refused: boolean;
}

const stateKey: ContextKey<CallState | undefined> = /* @__PURE__ */ sharedContextKey<CallState | undefined>(
  "call",
  undefined,
);

/** The state of a call, which begins empty. */
export function stateOf(values: ContextValues): CallState {
  const known = values.get(stateKey);
  if (known !== undefined) return known;
  const state = { stripped: undefined, standing: undefined, challenges: [], authorized: undefined, refused: false };
  values.set(stateKey, state);
  return state;
}
