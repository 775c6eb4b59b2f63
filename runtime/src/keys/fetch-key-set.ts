import { type FetchLimits, fetchText } from "../platform/fetch-text.js";
import { InvalidKeySetError } from "./invalid-key-set-error.js";
import { readHeaders } from "./key-set-headers.js";
import type { RemoteKeySetOptions } from "./key-set-options.js";

/** How a key set is fetched. */
export type KeySetRequest = Pick<FetchLimits, "timeout" | "maxBytes"> & Pick<RemoteKeySetOptions, "headers" | "fetch">;

/**
 * Fetches the text of a key set. Settles within the time limit even if `fetch` or the function in `headers` hangs. Follows no
 * redirect.
 *
 * @param request - an object without a prototype, which supplies no headers then.
 * @throws InvalidKeySetError for a body that is too long; another error if the endpoint fails.
 */
export async function fetchKeySet(url: URL, request: KeySetRequest): Promise<string> {
  const { headers, fetch = globalThis.fetch, timeout, maxBytes } = request;
  const tooLong = () => new InvalidKeySetError(`more than ${maxBytes} bytes; jwks.maxBytes raises the limit`);
  const send = async (to: string, init: RequestInit): Promise<Response> => {
    const own = typeof headers === "function" ? readHeaders(await headers()) : (headers ?? {});
    if (own === undefined)
      throw new TypeError("jwks.headers: the function returned no object of header names and values");
    // The function may have outlasted the attempt.
    init.signal?.throwIfAborted();
    return fetch(to, { ...init, headers: { accept: "application/json", ...own } });
  };
  const { text } = await fetchText(url, {}, { timeout, maxBytes, tooLong }, send);
  return text;
}
