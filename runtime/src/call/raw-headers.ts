import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";

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
 * Refuses a header that came more than once, as far as the server knows.
 *
 * @param name - in lower case.
 * @returns whether it is known that the header came once; false if nothing is known.
 * @throws InvalidCredentialError
 */
export function refuseRepeated(values: ContextValues, name: string): boolean {
  const count = countSent(values, name);
  if (count > 1) throw new InvalidCredentialError(`${name}: sent ${count} times`, { reason: "ambiguous" });
  // A header that the client did not send was written by the server's own code, of which nothing is known.
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
