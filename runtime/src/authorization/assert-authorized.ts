import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { authorizedKey } from "./mark-authorized.js";

/**
 * Makes sure that an authorization interceptor let this very call through; a public method and `mode: "report"`
 * count as well. For handlers that must never run without, and for tests of a server's wiring.
 *
 * @throws ConnectError with code `internal` where none did; what is wrong is its cause.
 */
export function assertAuthorized(
  context: Pick<HandlerContext, "method" | "requestHeader" | "signal" | "values">,
): void {
  const req = context.values.get(authorizedKey);
  const sameCall = req !== undefined && (req.header === context.requestHeader || req.signal === context.signal);
  if (sameCall && req.method === context.method) return;
  const cause = new Error(
    `${context.method.parent.typeName}/${context.method.name} was called without authorization: is the interceptor installed?`,
  );
  throw new ConnectError("Internal error", Code.Internal, undefined, undefined, cause);
}
