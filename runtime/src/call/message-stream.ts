import { wrapIterator } from "../platform/wrap-iterator.js";

/** The stream, with every message passed to `check` first. Where that throws, the message and all after it are withheld. */
export function checkEach<T>(source: AsyncIterable<T>, check: (message: T) => Promise<void>): AsyncIterable<T> {
  const it = source[Symbol.asyncIterator]();
  // In order, also where a reader asks for several at once: what follows a failure fails with it.
  let last: Promise<IteratorResult<T> | undefined> = Promise.resolve(undefined);
  return iterateBy(it, () => {
    const next = last.then(async () => {
      const result = await it.next();
      if (result.done !== true) await check(result.value);
      return result;
    });
    last = next;
    return next;
  });
}

/** The stream, with `check` called whenever a message, or the end, has arrived. Where that throws, nothing is passed on. */
export function checkArrivals<T>(source: AsyncIterable<T>, check: () => void): AsyncIterable<T> {
  const it = source[Symbol.asyncIterator]();
  return iterateBy(it, async () => {
    const result = await it.next();
    check();
    return result;
  });
}

/** What is left of a stream, its messages as `next` gives them. Leaving the stream is passed on to where it comes from. */
export function iterateBy<T>(it: AsyncIterator<T>, next: () => Promise<IteratorResult<T>>): AsyncIterable<T> {
  const iterator = wrapIterator(it, next);
  return { [Symbol.asyncIterator]: () => iterator };
}
