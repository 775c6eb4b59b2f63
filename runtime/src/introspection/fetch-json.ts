import { type FetchLimits, fetchText } from "../platform/fetch-text.js";

/** The endpoint answered with status 200, but not with the JSON that was asked for. */
export class UnusableResponseError extends Error {
  override readonly name = "UnusableResponseError";
}

/**
 * Fetches JSON for oauth4webapi, within limits.
 *
 * @throws UnusableResponseError for another media type and for a body that is too long; another error if the endpoint fails.
 */
export async function fetchJson(
  address: string,
  init: RequestInit,
  limits: Omit<FetchLimits, "tooLong">,
): Promise<Response> {
  const tooLong = () => new UnusableResponseError(`more than ${limits.maxBytes} bytes; maxBytes raises the limit`);
  const { headers, text } = await fetchText(address, init, { ...limits, tooLong });
  // oauth4webapi looks at the type of a body only if it cannot parse it.
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json *(?:;|$)/i.test(type))
    throw new UnusableResponseError("its content-type is not application/json");
  return new Response(text, { headers: { "content-type": "application/json" } });
}
