import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

/** Names and values in turns, as node:http and node:http2 received them. A repeated header appears twice. */
export type RawHeaders = readonly string[];

/** The headers of a call before the transport joined them. Undefined without `contextValues: recordPeer`. */
export const rawHeadersKey: ContextKey<RawHeaders | undefined> = /* @__PURE__ */ sharedContextKey<
  RawHeaders | undefined
>("raw-headers", undefined);

/** Returns the raw headers of a request of node:http, node:http2 or Fastify. */
export function rawHeadersOf(request: object): RawHeaders | undefined {
  const { rawHeaders, raw } = request as { rawHeaders?: unknown; raw?: { rawHeaders?: unknown } };
  const found = rawHeaders ?? raw?.rawHeaders;
  return Array.isArray(found) ? found : undefined;
}

/**
 * Refuses a repeated header, if the server recorded the raw headers.
 *
 * @param name - in lower case.
 * @returns true if the header came exactly once; false if that is unknown.
 * @throws InvalidCredentialError
 */
export function refuseRepeated(values: ContextValues, name: string): boolean {
  const count = countSent(values, name);
  if (count > 1) throw new InvalidCredentialError(`${name}: sent ${count} times`, { reason: "ambiguous" });
  // The server's own code wrote a header that the client did not send.
  return count === 1;
}

function countSent(values: ContextValues, name: string): number {
  const raw = values.get(rawHeadersKey);
  if (raw === undefined) return 0;
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.length === name.length && raw[i]?.toLowerCase() === name) count++;
  }
  return count;
}
