import type { AuthContext } from "./auth-context.js";
import { sharedValue } from "./shared.js";

// A mark beside the context, not a field in it: no token, header or mapping can set it.
const vouchedFor: WeakSet<AuthContext> = /* @__PURE__ */ sharedValue("internal", () => new WeakSet<AuthContext>());

/** Marks an identity as established by the server's internal trust. */
export function vouchFor(context: AuthContext): AuthContext {
  vouchedFor.add(context);
  return context;
}

/** Whether the server's internal trust established this identity. A copy of a context is not vouched for. */
export function isInternal(context: AuthContext): boolean {
  return vouchedFor.has(context);
}
