/** Whether a value is a promise: of another realm or library as well, which `instanceof Promise` does not see. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (Object(value) as { readonly then?: unknown }).then === "function";
}
