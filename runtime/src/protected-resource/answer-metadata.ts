import type { ProtectedResource } from "./protected-resource.js";

/** An answer, for servers of every kind. */
interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** Empty for none. */
  readonly body: string;
}

/** The parts of Node's requests and responses, of HTTP/1.1 and HTTP/2, that the answer needs. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}
export interface NodeResponse {
  writeHead(status: number, headers: { [name: string]: string }): unknown;
  end(body: string): unknown;
}

// Any page may read it: it is public, and clients in browsers need it before they have a token.
const open = { "access-control-allow-origin": "*" };
const preflight = { ...open, "access-control-allow-methods": "GET, HEAD", "access-control-allow-headers": "*" };

/** Returns the answer to a request. Undefined for any other path. */
function answer({ document, paths }: ProtectedResource, method: string, path: string): Answer | undefined {
  if (!paths.has(path)) return undefined;
  if (method === "OPTIONS") return { status: 204, headers: preflight, body: "" };
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, headers: { ...open, allow: "GET, HEAD, OPTIONS" }, body: "" };
  }
  const headers = { ...open, "content-type": "application/json", "cache-control": "public, max-age=300" };
  return { status: 200, headers, body: method === "GET" ? document : "" };
}

/** Answers a request for the metadata. Returns undefined for any other request. */
export function answerRequest(
  resource: ProtectedResource,
  { method, url }: Pick<Request, "method" | "url">,
): Response | undefined {
  const found = answer(resource, method, new URL(url).pathname);
  return found && new Response(found.body || null, { status: found.status, headers: found.headers });
}

/** Answers a request of Node's servers. Any other request is not found. */
export function answerNode(
  resource: ProtectedResource,
  { method = "GET", url = "" }: NodeRequest,
  response: NodeResponse,
): void {
  const [path = ""] = url.split("?");
  const { status, headers, body } = answer(resource, method, path) ?? { status: 404, headers: {}, body: "" };
  response.writeHead(status, { ...headers });
  response.end(body);
}
