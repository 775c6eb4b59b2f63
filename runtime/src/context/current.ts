import { AsyncLocalStorage } from "node:async_hooks";
import { Code, ConnectError } from "@connectrpc/connect";
import type { AuthContext } from "./auth-context.js";

const storage: AsyncLocalStorage<AuthContext | undefined> = /* @__PURE__ */ new AsyncLocalStorage();

/**
 * The caller of the RPC being handled, wherever in the handler this is called;
 * undefined where there is none. `context.values.get(authContextKey)` says the
 * same without `AsyncLocalStorage`.
 */
export function getAuthContext(): AuthContext | undefined {
  return storage.getStore();
}

/**
 * The caller of the RPC being handled.
 *
 * @throws ConnectError with code `unauthenticated` where there is none.
 */
export function requireAuthContext(): AuthContext {
  const context = storage.getStore();
  if (context === undefined) throw new ConnectError("Missing credentials", Code.Unauthenticated);
  return context;
}

/** Calls `fn` with `context` as what {@link getAuthContext} returns, hiding any outer one. */
export function runWithAuthContext<T>(context: AuthContext | undefined, fn: () => T): T {
  return storage.run(context, fn);
}

/**
 * The same for an iterable whose producer runs when it is iterated, long after
 * the function that made it has returned: a generator's body sees `context` at every step.
 */
export function iterateWithAuthContext<T>(
  context: AuthContext | undefined,
  source: AsyncIterable<T>,
): AsyncIterable<T> {
  const run = <R>(fn: () => R) => storage.run(context, fn);
  return {
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const it = run(() => source[Symbol.asyncIterator]());
      return {
        next: (...args) => run(() => it.next(...args)),
        ...(it.return && { return: (value) => run(() => (it.return as NonNullable<typeof it.return>)(value)) }),
        ...(it.throw && { throw: (error) => run(() => (it.throw as NonNullable<typeof it.throw>)(error)) }),
      };
    },
  };
}
