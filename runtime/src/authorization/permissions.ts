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
  /** Returns the permissions that `find` found last, without a question. Undefined if the function has not been asked. */
  readonly known: (context: AuthContext, resource: string | undefined) => ReadonlySet<string> | undefined;
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
    const known = (context: AuthContext, resource: string | undefined) =>
      resource === undefined ? callerOf(context).permissions : none;
    return { callerOf, find: known, known, isStatic: true, forget: () => {} };
  }
  const callerOf = createCallerLookup(roles);
  const memory = new GrantMemory(grants, readGrantsCache(cache));

  /** Adds the permissions of the credential. They are not held on a resource. */
  function merge(context: AuthContext, resource: string | undefined, names: ReadonlySet<string>): ReadonlySet<string> {
    if (resource !== undefined) return names;
    const { permissions } = callerOf(context);
    return permissions.size === 0 ? names : new Set([...permissions, ...names]);
  }

  return {
    callerOf,
    isStatic: false,
    find(context, resource) {
      const found = memory.get(context, resource);
      if (!(found instanceof Promise)) return merge(context, resource, found);
      return found.then((names) => merge(context, resource, names));
    },
    known(context, resource) {
      const found = memory.peek(context, resource);
      return found && merge(context, resource, found);
    },
    forget: (subject) => memory.forget(subject),
  };
}

/** @throws TypeError for a row with permissions on a resource: only a function in `grants` has them. */
export function checkResources(services: Iterable<readonly [service: string, ServicePolicy["methods"]]>): void {
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
