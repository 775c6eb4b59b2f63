import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { checkCall } from "../call/standing.js";
import { isAuthorized } from "./is-authorized.js";

/**
 * Makes sure that an authorization interceptor let this very call through, that the caller's credential has not expired or
 * been revoked since, and that the caller still waits. A public method and `mode: "report"` count as let through. For
 * handlers that must never run without, and for those behind interceptors that wait.
 *
 * @throws ConnectError with code `internal` where no interceptor let it through, with the reason as its cause;
 * `unauthenticated` where the credential counts no longer; `deadline_exceeded` or `canceled` where the call is over.
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
  checkCall(context.values, context.signal);
}
