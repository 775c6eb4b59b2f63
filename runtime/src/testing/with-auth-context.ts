import type { AuthContext } from "../context/auth-context.js";
import { iterateWithAuthContext, runWithAuthContext } from "../context/current.js";

/**
 * Calls `fn` with `context` as what `getAuthContext()` returns, and gives back what it returns. An async iterable, such as
 * what a streaming handler returns, sees the context whenever it is iterated. Undefined stands for an anonymous caller.
 */
export function withAuthContext<T>(context: AuthContext | undefined, fn: () => T): T {
  const result = runWithAuthContext(context, fn);
  return isAsyncIterable(result) ? (iterateWithAuthContext(context, result) as T) : result;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
