import { AsyncLocalStorage } from "node:async_hooks";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { wrapIterator } from "../platform/wrap-iterator.js";
import { type AuthContext, authContextKey } from "./auth-context.js";
import { sharedValue } from "./shared.js";

const storage: AsyncLocalStorage<AuthContext | undefined> = /* @__PURE__ */ sharedValue(
  "storage",
  () => new AsyncLocalStorage<AuthContext | undefined>(),
);

/** Whether some interceptors write to the storage, and whether some do not. */
const publishing: { some: boolean; notAll: boolean } = /* @__PURE__ */ sharedValue("publishing", () => ({
  some: false,
  notAll: false,
}));

/**
 * Returns the identity of the current call, or undefined for an anonymous caller.
 *
 * With the handler's context it reads the call's context values, at no cost. Without, it uses `AsyncLocalStorage`, and works in
 * all code that the handler calls.
 *
 * @throws Error without an argument if `asyncContext` is false.
 *
 * @example
 * listOrders(request, context) {
 *   return orders.of(getAuthContext(context)?.subject);
 * }
 */
export function getAuthContext(context?: Pick<HandlerContext, "values">): AuthContext | undefined {
  if (context !== undefined) return context.values.get(authContextKey);
  if (publishing.notAll && !publishing.some) {
    throw new Error("getAuthContext() needs the handler's context as its argument, since asyncContext is false");
  }
  return storage.getStore();
}

/**
 * Returns the identity of the current call. For the argument, see {@link getAuthContext}.
 *
 * @throws ConnectError with code `unauthenticated` for an anonymous caller.
 *
 * @example
 * const { subject } = requireAuthContext(context);
 */
export function requireAuthContext(context?: Pick<HandlerContext, "values">): AuthContext {
  const caller = getAuthContext(context);
  if (caller === undefined) throw new ConnectError("Missing credentials", Code.Unauthenticated);
  return caller;
}

/** Runs the code of a call so that {@link getAuthContext} without an argument returns its caller. */
export interface CallerScope {
  run<T>(caller: AuthContext | undefined, fn: () => T): T;
  /** Runs every step of an iterable likewise: the body of a generator runs after its function returned. */
  iterate<T>(caller: AuthContext | undefined, source: AsyncIterable<T>): AsyncIterable<T>;
}

/** @param asyncContext - false does not use `AsyncLocalStorage`, but still hides the caller of an outer call. */
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
