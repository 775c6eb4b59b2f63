import type { Permissions } from "../authorization/permissions.js";
import type { DecidedCall } from "../authorization/startable-trial.js";
import { wallTime } from "../platform/clock.js";
import { admits, holds } from "../policy/condition.js";
import { resourceOf } from "../policy/resource.js";
import type { CallFacts } from "./call-facts.js";

/** The facts of a running call. Without its message, a condition may refuse, and cannot be true. */
export function liveFacts({ context, message }: DecidedCall, { callerOf, find }: Permissions): CallFacts {
  const caller = context && callerOf(context);
  return {
    caller,
    resource: (of) => (message === undefined ? undefined : (resourceOf(of, message) ?? "")),
    async permissions(_, resource) {
      if (context === undefined) return { names: new Set(), isComplete: true };
      try {
        return { names: await find(context, resource), isComplete: true };
      } catch {
        return { names: new Set(), isComplete: false };
      }
    },
    condition(condition, held) {
      const permissions = condition.readsPermissions ? held : caller?.permissions;
      if (caller === undefined || permissions === undefined) return undefined;
      const reader = { ...caller, permissions };
      if (!admits(condition, reader, wallTime())) return false;
      return message === undefined ? undefined : holds(condition, reader, message, wallTime());
    },
  };
}
