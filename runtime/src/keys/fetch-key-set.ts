import { type FetchLimits, fetchText } from "../platform/fetch-text.js";
import { InvalidKeySetError } from "./invalid-key-set-error.js";
import { readHeaders } from "./key-set-headers.js";
import type { RemoteKeySetOptions } from "./key-set-options.js";

/** How a key set is fetched. */
export type KeySetRequest = Omit<FetchLimits, "tooLong" | "fetch"> & Pick<RemoteKeySetOptions, "headers" | "fetch">;

/**
 * Fetches the text of a key set. Settles within the time limit even if `fetch` or the function in `headers` hangs. Follows no
 * redirect.
 *
 * @throws InvalidKeySetError for a body that is too long; another error if the endpoint fails.
 */
export async function fetchKeySet(url: URL, { headers, fetch, ...limits }: KeySetRequest): Promise<string> {
  const tooLong = () => new InvalidKeySetError(`more than ${limits.maxBytes} bytes; jwks.maxBytes raises the limit`);
  const send = async (to: string, init: RequestInit): Promise<Response> => {
    const own = typeof headers === "function" ? readHeaders(await headers()) : (headers ?? {});
    if (own === undefined)
      throw new TypeError("jwks.headers: the function returned no object of header names and values");
    // The function may have outlasted the attempt.
    init.signal?.throwIfAborted();
    return (fetch ?? globalThis.fetch)(to, { ...init, headers: { accept: "application/json", ...own } });
  };
  const { text } = await fetchText(url, {}, { ...limits, tooLong, fetch: send });
  return text;
}
