import { AsyncLocalStorage } from "node:async_hooks";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { wrapIterator } from "../platform/wrap-iterator.js";
import { type AuthContext, authContextKey } from "./auth-context.js";
import { sharedValue } from "./shared.js";

const storage: AsyncLocalStorage<AuthContext | undefined> = /* @__PURE__ */ sharedValue(
  "storage",
  () => new AsyncLocalStorage<AuthContext | undefined>(),
);

/** Whether interceptors publish callers in the storage: some do, some were told not to. */
const publishing: { some: boolean; notAll: boolean } = /* @__PURE__ */ sharedValue("publishing", () => ({
  some: false,
  notAll: false,
}));

/**
 * The caller of the RPC being handled; undefined where there is none.
 *
 * Given the handler's context, it reads the context values of the call, which costs nothing. Without, it works wherever
 * the handler's code leads to, through `AsyncLocalStorage`.
 *
 * @throws Error without an argument where `asyncContext: false` leaves nothing to read.
 */
export function getAuthContext(context?: Pick<HandlerContext, "values">): AuthContext | undefined {
  if (context !== undefined) return context.values.get(authContextKey);
  if (publishing.notAll && !publishing.some) {
    throw new Error("getAuthContext() needs the handler's context as its argument, since asyncContext is false");
  }
  return storage.getStore();
}

/**
 * The caller of the RPC being handled. For the argument, see {@link getAuthContext}.
 *
 * @throws ConnectError with code `unauthenticated` where there is none.
 */
export function requireAuthContext(context?: Pick<HandlerContext, "values">): AuthContext {
  const caller = getAuthContext(context);
  if (caller === undefined) throw new ConnectError("Missing credentials", Code.Unauthenticated);
  return caller;
}

/** How code that handles a call is run, so that {@link getAuthContext} without an argument says who is calling. */
export interface CallerScope {
  run<T>(caller: AuthContext | undefined, fn: () => T): T;
  /**
   * The same for an iterable whose producer runs when it is iterated, long after the function that made it has
   * returned: a generator's body sees the caller at every step.
   */
  iterate<T>(caller: AuthContext | undefined, source: AsyncIterable<T>): AsyncIterable<T>;
}

/** @param asyncContext - false leaves `AsyncLocalStorage` alone, but still hides the caller of an outer call. */
export function createCallerScope(asyncContext: boolean): CallerScope {
  if (asyncContext) {
    publishing.some = true;
    return { run: runAs, iterate: iterateAs };
  }
  publishing.notAll = true;
  return {
    run: (_, fn) => (publishing.some ? runAs(undefined, fn) : fn()),
    iterate: (_, source) => (publishing.some ? iterateAs(undefined, source) : source),
  };
}

function runAs<T>(caller: AuthContext | undefined, fn: () => T): T {
  return storage.run(caller, fn);
}

function iterateAs<T>(caller: AuthContext | undefined, source: AsyncIterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const it = runAs(caller, () => source[Symbol.asyncIterator]());
      const run = <R>(fn: () => R) => runAs(caller, fn);
      return wrapIterator(it, () => run(() => it.next()), run);
    },
  };
}
