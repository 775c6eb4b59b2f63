import { startTimer } from "../platform/clock.js";
import { InvalidKeySetError } from "./invalid-key-set-error.js";

export interface FetchLimits {
  /** Longest time for the whole attempt: connection, headers and body. In milliseconds. */
  readonly timeout: number;
  /** Longest body, in bytes. */
  readonly maxBytes: number;
}

/**
 * Fetches the text of a key set. Settles within the time limit even if `fetch` hangs. Follows no redirect.
 *
 * @throws InvalidKeySetError for a body that is too long; another error if the endpoint fails.
 */
export async function fetchKeySet(url: URL, { timeout, maxBytes }: FetchLimits): Promise<string> {
  const controller = new AbortController();
  let expire: (error: Error) => void = () => {};
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  // Node 20 and 22 collect an AbortSignal.timeout that nobody holds, and the fetch would hang forever. Keep our own timer.
  const timer = startTimer(timeout, () => expire(new Error(`no key set within ${timeout} ms`)));
  try {
    return await Promise.race([read(url, maxBytes, controller.signal), expired]);
  } finally {
    timer.cancel();
    // Frees the connection of a failed or unfinished attempt.
    controller.abort();
  }
}

async function read(url: URL, maxBytes: number, signal: AbortSignal): Promise<string> {
  // Some edge runtimes do not support the redirect mode "error".
  const response = await fetch(url, { headers: { accept: "application/json" }, redirect: "manual", signal });
  const reader = response.body?.getReader();
  // An unread body keeps its connection open.
  const stop = () => void reader?.cancel().catch(() => {});
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  if (response.status !== 200) throw new Error(`HTTP status ${response.status}`);
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      throw new InvalidKeySetError(`more than ${maxBytes} bytes; jwks.maxBytes raises the limit`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}
