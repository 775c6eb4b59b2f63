import { type FetchLimits, fetchText } from "../platform/fetch-text.js";
import { InvalidKeySetError } from "./invalid-key-set-error.js";

/**
 * Fetches the text of a key set. Settles within the time limit even if `fetch` hangs. Follows no redirect.
 *
 * @throws InvalidKeySetError for a body that is too long; another error if the endpoint fails.
 */
export async function fetchKeySet(url: URL, limits: Omit<FetchLimits, "tooLong">): Promise<string> {
  const tooLong = () => new InvalidKeySetError(`more than ${limits.maxBytes} bytes; jwks.maxBytes raises the limit`);
  const { text } = await fetchText(url, { headers: { accept: "application/json" } }, { ...limits, tooLong });
  return text;
}
