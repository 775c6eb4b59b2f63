import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { checkCall } from "../call/standing.js";
import { isAuthorized } from "./is-authorized.js";

/**
 * Checks inside a handler that authorization allowed this call. Also checks that the credential is still valid and that the
 * caller still waits. Public methods and `mode: "report"` count as allowed.
 *
 * Use it in handlers that must never run unauthorized, and after long waits.
 *
 * @throws ConnectError with code `internal` if no interceptor allowed the call; `unauthenticated` if the credential expired or
 * was revoked; `deadline_exceeded` or `canceled` if the call is over.
 *
 * @example
 * async cancelOrder(request, context) {
 *   const order = await orders.find(request.id);
 *   assertAuthorized(context);
 *   await orders.cancel(order);
 *   return {};
 * }
 */
export function assertAuthorized(
  context: Pick<HandlerContext, "method" | "requestHeader" | "signal" | "values">,
): void {
  if (!isAuthorized(context)) {
    const cause = new Error(
      `${context.method.parent.typeName}/${context.method.name} was called without authorization: is the interceptor installed?`,
    );
    throw new ConnectError("Internal error", Code.Internal, undefined, undefined, cause);
  }
  checkCall(context.values, context.signal, context.method.methodKind !== "unary");
}
