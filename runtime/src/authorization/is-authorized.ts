import type { HandlerContext } from "@connectrpc/connect";
import { stateOf } from "../call/call-state.js";

/** Returns true if an authorization interceptor allowed this call, and not another with the same context values. */
export function isAuthorized({
  values,
  method,
  requestHeader,
  signal,
}: Pick<HandlerContext, "method" | "requestHeader" | "signal" | "values">): boolean {
  const { authorized } = stateOf(values);
  return (
    authorized !== undefined &&
    (authorized.header === requestHeader || authorized.signal === signal) &&
    authorized.method === method
  );
}
