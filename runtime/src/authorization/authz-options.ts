import type { AuthContext } from "../context/auth-context.js";
import { anything, func, list, optional, withDefault, word } from "../options/check.js";
import type { OptionTable, Read } from "../options/read-options.js";
import type { MatchScope } from "../policy/decide.js";
import type { RoleHierarchy } from "../policy/role-hierarchy.js";
import type { MethodChecks } from "./authorize-methods.js";
import type { AuthzRequest } from "./authz-request.js";
import type { AuthzRule } from "./authz-rule.js";
import type { DecisionEvent } from "./decision-event.js";

/** How calls are decided. */
export interface DecisionOptions {
  /** Tried in order where the tables say nothing; the first that matches the method and the caller decides. By default, none. */
  readonly rules?: readonly AuthzRule[];
  /**
   * Asked where no rule decided: true allows, anything else denies, and so does throwing. Asked only about
   * callers that are authenticated. By default, not asked.
   */
  readonly authorize?: (context: AuthContext, request: AuthzRequest) => boolean | PromiseLike<boolean>;
  /** What holds where nothing else decided. By default, `deny`. */
  readonly defaultPolicy?: "allow" | "deny";
  /** What a call that is allowed so far has to pass as well: `[authorizeMethods(OrderService, {...})]`. By default, nothing. */
  readonly checks?: readonly MethodChecks[];
  /** Roles that imply others, in tables and rules. By default, none. */
  readonly roles?: RoleHierarchy;
  /** Whether a scope that the caller has covers one that is required. By default, scopes are compared for equality. */
  readonly matchScope?: MatchScope;
}

/** What follows from decisions. */
export interface EnforcementOptions {
  /**
   * Receives decisions, for audit logs. It is called when the decision has been taken, and nothing waits
   * for it: what it throws, returns or never settles changes nothing. By default, nobody is told.
   */
  readonly onDecision?: (event: DecisionEvent) => void | PromiseLike<void>;
  /** Which decisions `onDecision` receives. By default, `all`. */
  readonly decisionEvents?: "all" | "denied";
  /** `report` decides and tells `onDecision`, but lets every call through. By default, `enforce`. */
  readonly mode?: "enforce" | "report";
}

/** What authorization takes beside the tables. */
export interface AuthzOptions extends DecisionOptions, EnforcementOptions {}

/** Options that have a default. */
export type DefaultedAuthzOption = "rules" | "defaultPolicy" | "checks" | "roles" | "decisionEvents" | "mode";

export const authzOptions = (): OptionTable<AuthzOptions, DefaultedAuthzOption> => ({
  rules: withDefault(list, []),
  authorize: optional(func),
  defaultPolicy: withDefault(word("allow", "deny"), "deny" as const),
  checks: withDefault(list, []),
  roles: withDefault(anything, {}),
  matchScope: optional(func),
  onDecision: optional(func),
  decisionEvents: withDefault(word("all", "denied"), "all" as const),
  mode: withDefault(word("enforce", "report"), "enforce" as const),
});

/** The options of authorization, read. */
export type ReadAuthzOptions = Read<AuthzOptions, DefaultedAuthzOption>;
