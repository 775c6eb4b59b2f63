/**
 * Creates an error without collecting its stack trace, which is most of what an error costs: refusing
 * a call should not be dearer than serving it, and where a refusal was created is never in doubt.
 */
export function withoutStackTrace<T extends Error>(create: () => T): T {
  const { stackTraceLimit } = Error;
  // Reflect, since an assignment throws where the intrinsics are frozen; the error then has its stack.
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return create();
  } finally {
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}
