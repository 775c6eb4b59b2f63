import { UnsupportedTokenError, UnusableResponseError } from "./fetch-json.js";

/**
 * Returns true for a failure that other tokens would meet as well. Most answers 4xx are about the request, so one caller's
 * token must not keep others from the endpoint.
 */
export function isOfEndpoint(error: unknown): boolean {
  if (error instanceof UnsupportedTokenError) return false;
  const status = statusOf(error);
  return status < 400 || status >= 500 || [401, 403, 404, 408, 429].includes(status);
}

/**
 * Returns advice for the operator about a failure that lasts until somebody changes something. It holds no text of the
 * endpoint's. Undefined for an outage, which the log of outages reports.
 */
export function adviceFor(error: unknown): string | undefined {
  const status = statusOf(error);
  if (status === 401 || status === 403 || status === 400) {
    return `refuses this server as a client (HTTP status ${status}): check clientId, and clientSecret or privateKey`;
  }
  if (status >= 300 && status < 400)
    return `redirects (HTTP status ${status}), which is not followed: check its address`;
  if (status > 400 && status < 500 && status !== 408 && status !== 429) {
    return `is no introspection endpoint (HTTP status ${status}): check its address`;
  }
  if (error instanceof UnusableResponseError) return `gave an unusable response: ${error.message}`;
  return undefined;
}

/** Returns the HTTP status that an endpoint failed with, or 0. */
export function statusOf(error: unknown): number {
  const { status } = Object(error) as { readonly status?: unknown };
  return typeof status === "number" ? status : 0;
}
