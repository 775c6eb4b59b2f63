import type { AuthContext } from "../context/auth-context.js";
import { wallTime } from "../platform/clock.js";
import { admits, type ConditionCaller, holds, type PolicyCondition } from "../policy/condition.js";
import type { AuthzRequest } from "./authz-request.js";
import { guardMessages } from "./guard-messages.js";
import type { Permissions } from "./permissions.js";
import type { Check } from "./verdict.js";

/** Returns the check of a row's condition: before the handler, and on every message of a stream. */
export function createConditionCheck(
  condition: PolicyCondition,
  { isStream, hasResource }: { readonly isStream: boolean; readonly hasResource: boolean },
  { callerOf, find }: Permissions,
): Check {
  /** Evaluates with the permissions that count for the call. */
  function evaluate(
    context: AuthContext,
    { resource }: AuthzRequest,
    test: (caller: ConditionCaller) => boolean,
  ): unknown {
    const caller = callerOf(context);
    if (condition.readsPermissions !== true) return test(caller);
    const held = find(context, resource);
    const withPermissions = (permissions: ReadonlySet<string>) => test({ ...caller, permissions });
    return held instanceof Promise ? held.then(withPermissions) : withPermissions(held);
  }
  const onMessage = (context: AuthContext, message: unknown, request: AuthzRequest) =>
    evaluate(context, request, (caller) => holds(condition, caller, message, wallTime()));
  return {
    decidedBy: "condition",
    explain: (_, hasThrown) => ({ reason: hasThrown ? "unavailable" : "condition", condition: condition.cel }),
    run: (context, request) => {
      if (!isStream) return onMessage(context, request.message, request);
      // The permissions on a resource are known with the first message.
      if (hasResource && condition.readsPermissions === true) return true;
      return evaluate(context, request, (caller) => admits(condition, caller, wallTime()));
    },
    ...(isStream && { runOnMessage: onMessage, guard: guardMessages }),
  };
}
