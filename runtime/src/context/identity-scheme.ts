import type { AuthContext } from "./auth-context.js";
import { sharedValue } from "./shared.js";

// Beside the identity, as the mark of internal ones: no token, header or mapping can set it.
const schemes: WeakMap<AuthContext, string> = /* @__PURE__ */ sharedValue(
  "scheme",
  () => new WeakMap<AuthContext, string>(),
);

/** Remembers the name of the scheme that authenticated an identity. */
export function markScheme(context: AuthContext, scheme: string): AuthContext {
  schemes.set(context, scheme);
  return context;
}

/** Returns the name of the scheme that authenticated an identity. Undefined for an identity of other code. */
export function schemeOf(context: AuthContext): string | undefined {
  return schemes.get(context);
}
