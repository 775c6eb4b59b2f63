/** Returns true for a promise of any realm or library. `instanceof Promise` misses those of others. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (Object(value) as { readonly then?: unknown }).then === "function";
}
