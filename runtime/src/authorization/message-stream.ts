/**
 * The first message of a stream, and the same stream with the message still in it. Undefined where the
 * stream is empty.
 */
export async function peekFirst<T>(source: AsyncIterable<T>): Promise<[T | undefined, AsyncIterable<T>]> {
  const it = source[Symbol.asyncIterator]();
  const first = await it.next();
  const pending = [first];
  return [first.done === true ? undefined : first.value, iterateBy(it, async () => pending.pop() ?? it.next())];
}

/** The stream, with every message passed to `check` first. Where that throws, the message and all after it are withheld. */
export function checkEach<T>(source: AsyncIterable<T>, check: (message: T) => Promise<void>): AsyncIterable<T> {
  const it = source[Symbol.asyncIterator]();
  let refusal: Promise<never> | undefined;
  return iterateBy(it, async () => {
    if (refusal !== undefined) return refusal;
    const result = await it.next();
    try {
      if (result.done !== true) await check(result.value);
    } catch (error) {
      refusal = Promise.reject(error);
      return refusal;
    }
    return result;
  });
}

/** Leaving the stream is left to where it comes from. */
function iterateBy<T>(it: AsyncIterator<T>, next: () => Promise<IteratorResult<T>>): AsyncIterable<T> {
  const iterator = { next, return: it.return?.bind(it), throw: it.throw?.bind(it) };
  return { [Symbol.asyncIterator]: () => iterator as AsyncIterator<T> };
}
