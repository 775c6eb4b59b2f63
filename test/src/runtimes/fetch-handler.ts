import { createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import type { Auth } from "@connectum/auth";
import type { RuntimeLab } from "./lab.js";

/**
 * Serves the lab as a fetch handler: for Bun, Deno and Workers.
 *
 * @param wiring - the members of `auth` that the router gets. By default, all.
 */
export function createLabHandler(
  { auth, routes, beside }: RuntimeLab,
  wiring: Partial<Auth> = auth,
): (request: Request) => Promise<Response> {
  // gRPC needs trailers, which no Response has.
  const router = createConnectRouter({ ...wiring, grpc: false });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, createFetchHandler(handler)]));
  return (request) => handlers.get(new URL(request.url).pathname)?.(request) ?? beside(request);
}
