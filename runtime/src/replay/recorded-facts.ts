import type { RecordedDecision } from "../authorization/startable-trial.js";
import type { ConditionCaller } from "../policy/condition.js";
import type { CallFacts } from "./call-facts.js";

/**
 * The facts in a record. It has neither the request nor the claims, so no condition can be evaluated.
 *
 * @param caller - the caller, with the permissions of the credential and of roles.
 * @param hasGrants - whether `caller` has all permissions that do not depend on a resource.
 */
export function recordedFacts(
  { record, resource, reason }: RecordedDecision,
  caller: ConditionCaller | undefined,
  hasGrants: boolean,
): CallFacts {
  return {
    caller,
    resource({ path }) {
      if (path !== record.resourcePath) return undefined;
      return reason === "missing-resource" ? "" : resource;
    },
    permissions({ resource: bound }) {
      const names = caller?.permissions ?? new Set();
      if (bound === undefined && hasGrants) return { names, isComplete: true };
      const held = bound?.path === record.resourcePath ? record.caller?.held : undefined;
      if (held !== undefined) return { names: new Set(held), isComplete: true };
      // A permission of a credential is not held on a resource.
      return { names: bound === undefined ? names : new Set(), isComplete: false };
    },
    condition: () => undefined,
  };
}
