import type { ContextKey, ContextValues, HandlerContext, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";

type AnyRequest = UnaryRequest | StreamRequest;

/** Not public: only an authorization interceptor says that a call has been authorized. */
const authorizedKey: ContextKey<AnyRequest | undefined> = /* @__PURE__ */ sharedContextKey<AnyRequest | undefined>(
  "authorized",
  undefined,
);

/** Remembers in the call's context values that it may go on. */
export function markAuthorized(req: AnyRequest): void {
  req.contextValues.set(authorizedKey, req);
}

const refusedKey: ContextKey<boolean> = /* @__PURE__ */ sharedContextKey<boolean>("refused", false);

/** Remembers in the call's context values that authorization refused it. For `checkWiring`. */
export function markRefused(values: ContextValues): void {
  values.set(refusedKey, true);
}

/** Whether authorization refused the call. */
export function wasRefused(values: ContextValues): boolean {
  return values.get(refusedKey);
}

/** Whether an authorization interceptor let this very call through. */
export function isAuthorized({
  values,
  method,
  requestHeader,
  signal,
}: Pick<HandlerContext, "method" | "requestHeader" | "signal" | "values">): boolean {
  const req = values.get(authorizedKey);
  return req !== undefined && (req.header === requestHeader || req.signal === signal) && req.method === method;
}
