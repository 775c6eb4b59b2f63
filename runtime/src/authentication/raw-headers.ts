import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";

/** Names and values by turns, as node:http and node:http2 received them: a header that came twice is there twice. */
export type RawHeaders = readonly string[];

/** The headers of a call before the transport joined them; undefined where the server has no `contextValues: recordPeer`. */
export const rawHeadersKey: ContextKey<RawHeaders | undefined> = /* @__PURE__ */ sharedContextKey<
  RawHeaders | undefined
>("raw-headers", undefined);

/** The raw headers of a request of node:http, node:http2 or Fastify, which keeps Node's request as `raw`. */
export function rawHeadersOf(request: object): RawHeaders | undefined {
  const { rawHeaders, raw } = request as { rawHeaders?: unknown; raw?: { rawHeaders?: unknown } };
  const found = rawHeaders ?? raw?.rawHeaders;
  return Array.isArray(found) ? found : undefined;
}

/**
 * How many times the client sent a header; undefined if that is unknown.
 *
 * @param name - in lower case.
 */
export function countSent(values: ContextValues, name: string): number | undefined {
  const raw = values.get(rawHeadersKey);
  if (raw === undefined) return undefined;
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.length === name.length && raw[i]?.toLowerCase() === name) count++;
  }
  // A header that the client did not send was written by the server's own code, which we know nothing of.
  return count === 0 ? undefined : count;
}
