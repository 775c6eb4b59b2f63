import type { AuthContext } from "../context/auth-context.js";
import { createCallerScope } from "../context/current.js";

/**
 * Calls `fn` with `context` as the result of `getAuthContext()`. Undefined is an anonymous caller.
 *
 * Returns the result of `fn`. An async iterable, as of a streaming handler, sees the context during iteration.
 *
 * @example
 * const editor = createMockAuthContext({ roles: ["editor"] });
 * const subject = withAuthContext(editor, () => getAuthContext()?.subject);
 * expect(subject).toBe("test-user");
 */
export function withAuthContext<T>(context: AuthContext | undefined, fn: () => T): T {
  const scope = createCallerScope(true);
  const result = scope.run(context, fn);
  return isAsyncIterable(result) ? (scope.iterate(context, result) as T) : result;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
