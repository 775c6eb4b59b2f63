import type { AuthContext } from "../context/auth-context.js";
import { isInternal } from "../context/internal-identity.js";
import { checkOption } from "../options/read-options.js";
import type { ConditionCaller } from "../policy/condition.js";
import { isNameList } from "../policy/name-list.js";
import { createRoleHierarchy, type RoleHierarchy } from "../policy/role-hierarchy.js";

/** Finds the permissions of a caller: on a resource, or those that do not depend on one. */
export type FindPermissions = (
  context: AuthContext,
  resource: string | undefined,
) => ReadonlySet<string> | Promise<ReadonlySet<string>>;

/**
 * Returns a function that turns an identity into a caller: sets of names, with implied roles and the permissions of roles. Once
 * per identity, so that the number of roles does not change the cost of a decision.
 *
 * @param permissionsOf - the permissions of roles, with implied ones. By default, none.
 * @throws TypeError for a malformed hierarchy.
 */
export function createCallerLookup(
  hierarchy: RoleHierarchy = {},
  permissionsOf: (roles: Iterable<string>) => Iterable<string> = () => [],
): (context: AuthContext) => ConditionCaller {
  const expand = createRoleHierarchy(hierarchy);
  const callers = new WeakMap<AuthContext, ConditionCaller>();
  return (context) => {
    let caller = callers.get(context);
    if (!caller) {
      const { subject, name, type, claims = {}, permissions = [] } = context;
      // Other code may have put it into the context values, unchecked.
      const lists = [[subject], context.roles, context.scopes, permissions];
      checkOption(lists.every(isNameList), "subject, roles, scopes, permissions", "non-empty strings");
      const roles = expand(context.roles);
      caller = {
        ...{ subject, name, type, claims, roles, internal: isInternal(context) },
        scopes: setOf(context.scopes),
        permissions: setOf([...permissions, ...permissionsOf(roles)]),
      };
      if (isFixed(context)) callers.set(context, caller);
    }
    return caller;
  };
}

/** The permissions, or the like, of a caller without any. */
export const none: ReadonlySet<string> = /* @__PURE__ */ new Set();

function setOf(names: readonly string[]): ReadonlySet<string> {
  return names.length === 0 ? none : new Set(names);
}

/** Returns true for a frozen identity: a decision about it stays valid. */
export function isFixed(context: AuthContext): boolean {
  const { isFrozen } = Object;
  const { roles, scopes, permissions, claims } = context;
  return isFrozen(context) && isFrozen(roles) && isFrozen(scopes) && isFrozen(permissions) && isFrozen(claims);
}
