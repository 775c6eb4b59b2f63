// Bytes that an open stream keeps, on top of one without interceptors: a server keeps its request. Run by index.js.
import { verdict } from "../support/measure.js";
import { opener, ours } from "./callers.js";

const asyncContext = process.argv[2] === "true";
const count = 20_000;

/** A stream that waits for its next message. */
const waiting = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });

async function bytes(interceptors) {
  const open = opener(interceptors, waiting);
  const streams = [];
  const add = async () => {
    const { req, messages } = await open();
    const it = messages[Symbol.asyncIterator]();
    streams.push([req, it, it.next()]);
  };
  for (let i = 0; i < 1_000; i++) await add();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) await add();
  globalThis.gc();
  return (process.memoryUsage().heapUsed - before) / count;
}

const without = await bytes([]);
const withAuth = await bytes(ours(asyncContext));
const name = asyncContext ? "with AsyncLocalStorage" : "asyncContext: false";
verdict(`bytes added, ${name}`, withAuth - without, { atMost: 2_000 });
process.exit();
