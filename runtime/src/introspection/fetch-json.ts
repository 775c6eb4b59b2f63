import { type FetchLimits, fetchText, HttpStatusError } from "../platform/fetch-text.js";

/** The endpoint answered, but not with the JSON that was asked for. The message holds no text of the endpoint's. */
export class UnusableResponseError extends Error {
  override readonly name = "UnusableResponseError";
}

/** The endpoint knows this kind of token not to be its own (RFC 7009 section 2.2.1). */
export class UnsupportedTokenError extends Error {
  override readonly name = "UnsupportedTokenError";
}

/**
 * Fetches JSON for oauth4webapi, within limits. No error holds text of the endpoint's: it could repeat the token.
 *
 * @throws UnusableResponseError for another media type and for a body that is too long; HttpStatusError for a status but 200;
 * UnsupportedTokenError; another error if the endpoint fails.
 */
export async function fetchJson(
  address: string,
  init: RequestInit,
  { timeout, maxBytes }: Pick<FetchLimits, "timeout" | "maxBytes">,
): Promise<Response> {
  const tooLong = () => new UnusableResponseError(`more than ${maxBytes} bytes; maxBytes raises the limit`);
  const { status, headers, text } = await fetchText(address, init, {
    timeout,
    maxBytes,
    tooLong,
    statuses: [200, 400],
  });
  if (status === 400 && /"error"\s*:\s*"unsupported_token_type"/.test(text)) throw new UnsupportedTokenError();
  if (status !== 200) throw new HttpStatusError(status);
  // oauth4webapi looks at the type of a body only if it cannot parse it.
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json *(?:;|$)/i.test(type)) {
    throw new UnusableResponseError("its content-type is not application/json");
  }
  return new Response(text, { headers: { "content-type": "application/json" } });
}
