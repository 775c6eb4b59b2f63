import type { AuthContext } from "../context/auth-context.js";
import { isInternal } from "../context/internal-identity.js";
import { checkOption } from "../options/read-options.js";
import type { Caller } from "../policy/decide.js";
import { isNameList } from "../policy/name-list.js";
import { createRoleHierarchy, type RoleHierarchy } from "../policy/role-hierarchy.js";

/**
 * Returns a function that turns an identity into a caller: sets of names, with implied roles. Once per identity, so that the
 * number of roles does not change the cost of a decision.
 *
 * @throws TypeError for a malformed hierarchy.
 */
export function createCallerLookup(hierarchy: RoleHierarchy = {}): (context: AuthContext) => Caller {
  const expand = createRoleHierarchy(hierarchy);
  const callers = new WeakMap<AuthContext, Caller>();
  return (context) => {
    let caller = callers.get(context);
    if (!caller) {
      const { subject, roles, scopes } = context;
      // Other code may have put it into the context values, unchecked.
      checkOption([[subject], roles, scopes].every(isNameList), "subject, roles, scopes", "non-empty strings");
      caller = { roles: expand(roles), scopes: new Set(scopes), internal: isInternal(context) };
      if (isFixed(context)) callers.set(context, caller);
    }
    return caller;
  };
}

/** Returns true for a frozen identity: a decision about it stays valid. */
export function isFixed(context: AuthContext): boolean {
  return Object.isFrozen(context) && Object.isFrozen(context.roles) && Object.isFrozen(context.scopes);
}
