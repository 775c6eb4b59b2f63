import type { ContextKey, ContextValues } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { sharedContextKey } from "../context/shared.js";
import type { AnyRequest } from "../platform/any-request.js";
import type { StreamEndings } from "./stream-endings.js";

/** The verified credential of a call. It can expire or be revoked during the call. */
export interface Standing {
  /** The identity that the credential established. */
  readonly context: AuthContext;
  /** Whether an interceptor already ends the stream with its credential. */
  guarded: boolean;
  /** @throws ConnectError with code `unauthenticated` for a credential that has expired, or that this process knows to be revoked. */
  check(): void;
  /** Like {@link check}, for an open stream: only what the option `streams` names ends it. */
  checkOpen(): void;
  /** The option `streams`. */
  readonly streams: StreamEndings;
  /**
   * Watches the credential of an open stream, for revocations that this process does not know.
   *
   * @param end - receives the error of an invalid credential.
   * @returns a function that stops. Undefined if nothing needs to be watched.
   */
  watch(end: (error: unknown) => void): (() => void) | undefined;
}

/** The state of one call, shared by the gate and the interceptors. Not public: only an interceptor of ours authorizes a call. */
export interface CallState {
  /** The headers without the client's identity headers. A second authentication keeps those that the first wrote. */
  stripped: Headers | undefined;
  /** The last verified credential. It refers to the one before it. */
  standing: Standing | undefined;
  /**
   * Challenges (RFC 9110 section 11.6.1) for a later refusal: of the scheme that authenticated the caller, or of all schemes
   * of the method.
   */
  challenges: readonly string[];
  /** The authorized request. */
  authorized: AnyRequest | undefined;
  /** Whether authorization refused the call; `checkWiring` reads it. */
  refused: boolean;
}

const stateKey: ContextKey<CallState | undefined> = /* @__PURE__ */ sharedContextKey<CallState | undefined>(
  "call",
  undefined,
);

/** Returns the state of a call, and creates it at the first use. */
export function stateOf(values: ContextValues): CallState {
  const known = values.get(stateKey);
  if (known !== undefined) return known;
  const state = { stripped: undefined, standing: undefined, challenges: [], authorized: undefined, refused: false };
  values.set(stateKey, state);
  return state;
}
