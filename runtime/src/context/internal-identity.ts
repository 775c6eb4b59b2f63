import type { AuthContext } from "./auth-context.js";
import { sharedValue } from "./shared.js";

// A set beside the identity, not a field of it: no token, header or mapping can set it.
const internal: WeakSet<AuthContext> = /* @__PURE__ */ sharedValue("internal", () => new WeakSet<AuthContext>());

/** Marks an identity of an internal scheme. */
export function markInternal(context: AuthContext): AuthContext {
  internal.add(context);
  return context;
}

/** Returns true for a marked identity. A copy is not marked. */
export function isInternal(context: AuthContext): boolean {
  return internal.has(context);
}
