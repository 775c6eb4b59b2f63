/**
 * Creates an error without its stack trace. The trace is most of the cost of an error, and a denial must not cost more than a
 * served call.
 */
export function withoutStackTrace<T extends Error>(create: () => T): T {
  const { stackTraceLimit } = Error;
  // Not an assignment: it throws with frozen intrinsics. The error then keeps its stack.
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return create();
  } finally {
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}
