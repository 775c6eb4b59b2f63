/**
 * Returns an iterator that takes its values from `next`. It passes `return` and `throw` on to `source`, and has them only if
 * `source` has them.
 *
 * @param run - makes the calls of `return` and `throw`. By default, they are made directly.
 *
 * @example
 * const logged = wrapIterator(it, () => (log("next"), it.next()));
 */
export function wrapIterator<T>(
  source: AsyncIterator<T>,
  next: () => Promise<IteratorResult<T>>,
  run: <R>(fn: () => R) => R = (fn) => fn(),
): AsyncIterator<T> {
  const { return: end, throw: fail } = source;
  const iterator: AsyncIterator<T> = { next };
  if (end) iterator.return = (value) => run(() => end.call(source, value));
  if (fail) iterator.throw = (error) => run(() => fail.call(source, error));
  return iterator;
}
