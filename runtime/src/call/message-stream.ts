import { wrapIterator } from "../platform/wrap-iterator.js";

/** Passes every message to `check` first. If that throws, withholds the message and all later ones. */
export function checkEach<T>(source: AsyncIterable<T>, check: (message: T) => Promise<void>): AsyncIterable<T> {
  const it = source[Symbol.asyncIterator]();
  // In order, even if a reader asks for several messages at once. Messages after a failure fail too.
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

/** Calls `check` when a message or the end has arrived. If that throws, passes nothing on. */
export function checkArrivals<T>(source: AsyncIterable<T>, check: () => void): AsyncIterable<T> {
  const it = source[Symbol.asyncIterator]();
  return iterateBy(it, async () => {
    const result = await it.next();
    check();
    return result;
  });
}

/** Returns the rest of a stream, with messages from `next`. Stopping it stops the source. */
export function iterateBy<T>(it: AsyncIterator<T>, next: () => Promise<IteratorResult<T>>): AsyncIterable<T> {
  const iterator = wrapIterator(it, next);
  return { [Symbol.asyncIterator]: () => iterator };
}
