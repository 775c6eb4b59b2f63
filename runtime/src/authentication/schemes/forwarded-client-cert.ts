const pair = /\s*([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^",;]*)([;,]|$)/y;

/**
 * The URI of the client certificate that the last hop of an `x-forwarded-client-cert` header saw (Envoy's format):
 * elements are joined by commas, one for each hop, of which only the last was written by the peer of this server.
 * Undefined for a header that is malformed, and for a hop with no URI or several.
 */
export function readClientUri(value: string): string | undefined {
  let uris: string[] = [];
  pair.lastIndex = 0;
  for (;;) {
    const match = pair.exec(value);
    if (match === null) return undefined;
    const [, key = "", raw = "", end] = match;
    const text = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, "$1") : raw.trim();
    if (key.toLowerCase() === "uri") uris.push(text);
    if (end === "") return uris.length === 1 ? uris[0] : undefined;
    if (end === ",") uris = [];
  }
}
