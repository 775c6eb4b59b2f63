import type { AuthContext } from "../context/auth-context.js";
import { createCallerScope } from "../context/current.js";

/**
 * Calls `fn` with `context` as what `getAuthContext()` returns, and gives back what it returns. An async iterable, such as
 * what a streaming handler returns, sees the context whenever it is iterated. Undefined stands for an anonymous caller.
 */
export function withAuthContext<T>(context: AuthContext | undefined, fn: () => T): T {
  const scope = createCallerScope(true);
  const result = scope.run(context, fn);
  return isAsyncIterable(result) ? (scope.iterate(context, result) as T) : result;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
