import type { AuthContext } from "../context/auth-context.js";
import { isInternal } from "../context/internal-identity.js";
import type { Caller } from "../policy/decide.js";

/** Turns contexts into what decisions are made on, once for each context. */
export function createCallerLookup(): (context: AuthContext | undefined) => Caller | undefined {
  const callers = new WeakMap<AuthContext, Caller>();
  return (context) => {
    if (context === undefined) return undefined;
    let caller = callers.get(context);
    if (caller === undefined) {
      caller = { roles: new Set(context.roles), scopes: new Set(context.scopes), internal: isInternal(context) };
      // What can still change is looked at anew at each call.
      if (Object.isFrozen(context)) callers.set(context, caller);
    }
    return caller;
  };
}
