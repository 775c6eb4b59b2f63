import type { ConditionCaller } from "./condition.js";
import type { Caller } from "./decide.js";

/** The caller as conditions read it. A missing name is empty, which conditions refuse. */
export function conditionCaller(caller: Partial<Caller>, resource: string | undefined): ConditionCaller {
  const { roles, scopes, permissions, permissionsOn = {}, subject = "", name, type = "", claims = {} } = caller;
  const held = resource === undefined ? permissions : Object.hasOwn(permissionsOn, resource) && permissionsOn[resource];
  return {
    ...{ subject, name, type, claims, internal: caller.internal === true },
    roles: new Set(roles),
    scopes: new Set(scopes),
    permissions: new Set(held || []),
  };
}
