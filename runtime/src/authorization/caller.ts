import type { AuthContext } from "../context/auth-context.js";
import { isInternal } from "../context/internal-identity.js";
import type { Caller } from "../policy/decide.js";
import { createRoleHierarchy, type RoleHierarchy } from "../policy/role-hierarchy.js";

/**
 * Turns contexts into what decisions are made on, once for each context, so that a decision costs the
 * same whatever the number of the caller's roles.
 *
 * @throws TypeError for a malformed hierarchy.
 */
export function createCallerLookup(hierarchy?: RoleHierarchy): (context: AuthContext) => Caller {
  const expand = hierarchy === undefined ? newSet : createRoleHierarchy(hierarchy);
  const callers = new WeakMap<AuthContext, Caller>();
  return (context) => {
    let caller = callers.get(context);
    if (caller === undefined) {
      const { roles, scopes } = context;
      if (!Array.isArray(roles) || !Array.isArray(scopes)) throw new TypeError("malformed AuthContext");
      caller = { roles: expand(roles), scopes: newSet(scopes), internal: isInternal(context) };
      // What can still change is looked at anew at each call.
      if ([context, roles, scopes].every(Object.isFrozen)) callers.set(context, caller);
    }
    return caller;
  };
}

function newSet(names: readonly string[]): ReadonlySet<string> {
  return new Set(names);
}
