import type { ConditionCaller, PolicyCondition } from "../policy/condition.js";
import type { PolicyResource } from "../policy/resource.js";

/** Permissions, and whether they are all that the caller had. */
export interface KnownPermissions {
  readonly names: ReadonlySet<string>;
  readonly isComplete: boolean;
}

/** The facts about a decided call: from its record, or from the server that runs it. */
export interface CallFacts {
  /** Undefined for an anonymous caller. */
  readonly caller: ConditionCaller | undefined;
  /** Returns the resource that the request names: "" for none, undefined if it is not known. */
  resource(of: PolicyResource): string | undefined;
  /** Finds the permissions that count: on the resource of a row, or those that do not depend on one. */
  permissions(
    row: { readonly resource?: PolicyResource },
    resource: string | undefined,
  ): KnownPermissions | Promise<KnownPermissions>;
  /** Evaluates a condition. Undefined if it cannot be evaluated. */
  condition(condition: PolicyCondition, held: ReadonlySet<string> | undefined): boolean | undefined;
}
