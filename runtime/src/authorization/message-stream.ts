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

/** What is left of a stream, its messages as `next` gives them. Leaving the stream is passed on to where it comes from. */
export function iterateBy<T>(it: AsyncIterator<T>, next: () => Promise<IteratorResult<T>>): AsyncIterable<T> {
  const iterator = { next, return: it.return?.bind(it), throw: it.throw?.bind(it) };
  return { [Symbol.asyncIterator]: () => iterator as AsyncIterator<T> };
}
