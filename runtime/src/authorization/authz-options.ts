import type { AuthContext } from "../context/auth-context.js";
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

export const authzOptionNames: Readonly<Record<keyof AuthzOptions, true>> = {
  rules: true,
  authorize: true,
  defaultPolicy: true,
  checks: true,
  roles: true,
  matchScope: true,
  onDecision: true,
  decisionEvents: true,
  mode: true,
};

/** Takes the options of authorization out of options that hold others as well. */
export function splitAuthzOptions<T extends AuthzOptions>(options: T): [AuthzOptions, Omit<T, keyof AuthzOptions>] {
  const [taken, rest] = [true, false].map((isTaken) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(authzOptionNames, name) === isTaken)),
  );
  return [taken as AuthzOptions, rest as Omit<T, keyof AuthzOptions>];
}
