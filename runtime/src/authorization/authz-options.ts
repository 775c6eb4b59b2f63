import { type StreamEndings, type StreamOptions, streamEndings } from "../call/stream-endings.js";
import type { AuthContext } from "../context/auth-context.js";
import { anything, flag, func, list, optional, withDefault, word } from "../options/check.js";
import type { OptionTable, Read } from "../options/read-options.js";
import type { MatchScope } from "../policy/decide.js";
import type { RoleHierarchy } from "../policy/role-hierarchy.js";
import type { MethodChecks } from "./authorize-methods.js";
import type { AuthzRequest } from "./authz-request.js";
import type { AuthzRule } from "./authz-rule.js";
import type { DecisionEvent } from "./decision-event.js";
import { type Grants, type GrantsCacheOptions, grantsCheck } from "./grants.js";
import { type Trial, trialCheck } from "./trial.js";

/** The options of authorization, without the tables. */
export interface AuthzOptions extends StreamOptions {
  /** Rules for methods without a policy in the tables. The first that matches method and caller decides. By default, none. */
  readonly rules?: readonly AuthzRule[];
  /**
   * Decides if no rule does. Only `true` allows; any other value, and an error, denies. Runs for authenticated callers only.
   * By default, none.
   */
  readonly authorize?: (context: AuthContext, request: AuthzRequest) => boolean | PromiseLike<boolean>;
  /** The decision if nothing else decides. By default, `deny`. */
  readonly defaultPolicy?: "allow" | "deny";
  /** Checks that allowed calls must pass too: `[authorizeMethods(OrderService, {...})]`. By default, none. */
  readonly checks?: readonly MethodChecks[];
  /**
   * The permissions of callers, besides those in their credentials: by role, or from a function. For a method with `resource`,
   * only the permissions from a function count. By default, none.
   */
  readonly grants?: Grants;
  /** How long the answers of a function in `grants` are kept. */
  readonly grantsCache?: GrantsCacheOptions;
  /** Roles that imply others, in tables and rules. By default, none. */
  readonly roles?: RoleHierarchy;
  /** Returns true if a granted scope covers a required one. By default, they must be equal. */
  readonly matchScope?: MatchScope;
  /**
   * Receives decisions, for audit logs. Runs after the decision, and no call waits for it. Its errors are ignored after one
   * warning. By default, none.
   */
  readonly onDecision?: (event: DecisionEvent) => void | PromiseLike<void>;
  /** The decisions that `onDecision` receives. By default, `all`. */
  readonly decisionEvents?: "all" | "denied";
  /**
   * Adds a `record` to the events: the roles, scopes and permissions of the caller, so that `replay` can decide the calls again.
   * By default, false.
   */
  readonly decisionRecords?: boolean;
  /** Tables to try out: `createTrial({ policies, onDifference })`. They decide every call too, without effect. By default, none. */
  readonly trial?: Trial;
  /** `report` decides and calls `onDecision`, but enforces nothing. By default, `enforce`. */
  readonly mode?: "enforce" | "report";
}

/** Options that have a default. */
export type DefaultedAuthzOption =
  | "rules"
  | "defaultPolicy"
  | "checks"
  | "roles"
  | "decisionEvents"
  | "decisionRecords"
  | "mode"
  | "streams";

export const authzOptions = (): OptionTable<AuthzOptions, DefaultedAuthzOption> => ({
  // Undefined is refused: a denial would be left out.
  rules: { ...list, fallback: [] },
  authorize: func,
  defaultPolicy: withDefault(word("allow", "deny"), "deny" as const),
  checks: { ...list, fallback: [] },
  // Undefined is refused: permissions that were asked for would be missing.
  grants: grantsCheck,
  grantsCache: optional(anything),
  roles: withDefault(anything, {}),
  matchScope: optional(func),
  onDecision: optional(func),
  decisionEvents: withDefault(word("all", "denied"), "all" as const),
  decisionRecords: withDefault(flag, false),
  trial: optional(trialCheck),
  mode: withDefault(word("enforce", "report"), "enforce" as const),
  streams: withDefault(word(...streamEndings), "all" as StreamEndings),
});

/** The options of authorization, read. */
export type ReadAuthzOptions = Read<AuthzOptions, DefaultedAuthzOption>;
