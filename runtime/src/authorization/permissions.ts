import type { AuthContext } from "../context/auth-context.js";
import type { ConditionCaller } from "../policy/condition.js";
import type { RoleHierarchy } from "../policy/role-hierarchy.js";
import type { ServicePolicy } from "../policy/service-policy.js";
import { createCallerLookup, type FindPermissions, none } from "./caller.js";
import { GrantMemory } from "./grant-memory.js";
import { compileRoleGrants, type Grants, type GrantsCacheOptions, readGrantsCache } from "./grants.js";

/** The permissions of callers, from their credentials and the option `grants`. */
export interface Permissions {
  /** The caller, with the permissions that are known without a question. */
  readonly callerOf: (context: AuthContext) => ConditionCaller;
  /** Finds the permissions that count for a call. */
  readonly find: FindPermissions;
  /** True without a function in `grants`: all permissions are known from the credential and the roles. */
  readonly isStatic: boolean;
  /** Forgets the answers of the function, for a subject or for all. */
  readonly forget: (subject?: string) => void;
}

/** @throws TypeError for malformed grants, and for a row with permissions on a resource without a function in `grants`. */
export function createPermissions(
  services: ReadonlyMap<string, ServicePolicy["methods"]>,
  roles: RoleHierarchy,
  grants: Grants | undefined,
  cache: GrantsCacheOptions | undefined,
): Permissions {
  const isFunction = typeof grants === "function";
  if (cache !== undefined && !isFunction)
    throw new TypeError("grantsCache: has no effect without a function in grants");
  if (!isFunction) {
    checkResources(services);
    const ofRoles = grants === undefined ? undefined : compileRoleGrants(grants, services);
    const callerOf = createCallerLookup(roles, ofRoles);
    // A permission of a token or a role is not held on a resource.
    const find: FindPermissions = (context, resource) =>
      resource === undefined ? callerOf(context).permissions : none;
    return { callerOf, find, isStatic: true, forget: () => {} };
  }
  const callerOf = createCallerLookup(roles);
  const memory = new GrantMemory(grants, readGrantsCache(cache));
  return {
    callerOf,
    isStatic: false,
    find(context, resource) {
      const found = memory.get(context, resource);
      // A permission of a token is not held on a resource.
      if (resource !== undefined) return found;
      const { permissions } = callerOf(context);
      const merge = (names: ReadonlySet<string>) =>
        permissions.size === 0 ? names : new Set([...permissions, ...names]);
      return found instanceof Promise ? found.then(merge) : merge(found);
    },
    forget: (subject) => memory.forget(subject),
  };
}

function checkResources(services: ReadonlyMap<string, ServicePolicy["methods"]>): void {
  for (const [service, methods] of services) {
    for (const [method, row] of Object.entries(methods)) {
      const { resource, condition } = row as { resource?: { path: string }; condition?: { readsPermissions?: true } };
      const needs = ("roles" in row && (row.permissions ?? row.anyPermissions)) || condition?.readsPermissions;
      if (resource === undefined || !needs) continue;
      const text = `${service}/${method} needs permissions on the resource ${resource.path}`;
      throw new TypeError(`grants: ${text}. Write a function: grants: (caller, { resource }) => [...]`);
    }
  }
}
