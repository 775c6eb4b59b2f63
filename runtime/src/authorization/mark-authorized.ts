import type { ContextKey, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";

type AnyRequest = UnaryRequest | StreamRequest;

/** Not public: only an authorization interceptor says that a call has been authorized. */
export const authorizedKey: ContextKey<AnyRequest | undefined> = /* @__PURE__ */ sharedContextKey<
  AnyRequest | undefined
>("authorized", undefined);

/** Remembers in the call's context values that it may go on. */
export function markAuthorized(req: AnyRequest): void {
  req.contextValues.set(authorizedKey, req);
}
