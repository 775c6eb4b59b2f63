import { startTimer } from "./clock.js";
import { memberOf } from "./member-of.js";

/** The endpoint answered with another status than expected. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  readonly status: number;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.status = status;
  }
}

export interface FetchLimits {
  /** Longest time for the whole attempt: connection, headers and body. In milliseconds. */
  readonly timeout: number;
  /** Longest body, in bytes. */
  readonly maxBytes: number;
  /** Returns the error for a longer body. */
  readonly tooLong: () => Error;
  /** Statuses whose body is read. By default, 200. */
  readonly statuses?: readonly number[];
}

/** An answer whose body was read. */
export interface FetchedText {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Fetches a text. Settles within the time limit even if `fetch` hangs. Follows no redirect.
 *
 * @param send - by default, the global `fetch`.
 * @throws HttpStatusError for another status than `statuses`; another error if the endpoint fails.
 *
 * @example
 * const { text } = await fetchText(url, {}, { timeout: 5_000, maxBytes: 65_536, tooLong: () => new Error("too long") });
 */
export async function fetchText(
  url: URL | string,
  init: RequestInit,
  limits: FetchLimits,
  send: (url: string, init: RequestInit) => Promise<Response> = fetch,
): Promise<FetchedText> {
  const controller = new AbortController();
  let expire: (error: Error) => void = () => {};
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  // Node 20 and 22 collect an AbortSignal.timeout that nobody holds, and the fetch would hang forever. Keep our own timer.
  const timer = startTimer(limits.timeout, () => expire(new Error(`timed out: no answer within ${limits.timeout} ms`)));
  try {
    // Some edge runtimes do not support the redirect mode "error".
    const request: RequestInit = { ...init, redirect: "manual", signal: controller.signal };
    return await Promise.race([read(send(String(url), request), limits, controller.signal), expired]);
  } finally {
    timer.cancel();
    // Frees the connection of a failed or unfinished attempt.
    controller.abort();
  }
}

async function read(answer: Promise<Response>, limits: FetchLimits, signal: AbortSignal): Promise<FetchedText> {
  const response = await answer;
  const reader = response.body?.getReader();
  // An unread body keeps its connection open.
  const stop = () => void reader?.cancel().catch(() => {});
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  const { status, headers } = response;
  if (!(memberOf(limits, "statuses") ?? [200]).includes(status)) throw new HttpStatusError(status);
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > limits.maxBytes) throw limits.tooLong();
    text += decoder.decode(value, { stream: true });
  }
  return { status, headers, text: text + decoder.decode() };
}
