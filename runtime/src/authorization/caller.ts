import type { AuthContext } from "../context/auth-context.js";
import { isInternal } from "../context/internal-identity.js";
import { checkList } from "../option-checks.js";
import type { Caller } from "../policy/decide.js";
import { createRoleHierarchy, type RoleHierarchy } from "../policy/role-hierarchy.js";

/**
 * Turns contexts into what decisions are made on, once for each context, so that a decision costs the
 * same whatever the number of the caller's roles.
 *
 * @throws TypeError for a malformed hierarchy.
 */
export function createCallerLookup(hierarchy?: RoleHierarchy): (context: AuthContext) => Caller {
  const expand =
    hierarchy === undefined ? (roles: readonly string[]) => new Set(roles) : createRoleHierarchy(hierarchy);
  const callers = new WeakMap<AuthContext, Caller>();
  return (context) => {
    let caller = callers.get(context);
    if (!caller) {
      const { roles, scopes } = context;
      checkList("AuthContext.roles", roles);
      checkList("AuthContext.scopes", scopes);
      caller = { roles: expand(roles), scopes: new Set(scopes), internal: isInternal(context) };
      // What can still change is looked at anew at each call.
      if ([context, roles, scopes].every(Object.isFrozen)) callers.set(context, caller);
    }
    return caller;
  };
}
