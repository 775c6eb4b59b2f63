import type { Message } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import type { AuthzDenialReason } from "../errors/authz-denied-error.js";
import type { PolicyCondition } from "../policy/condition.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { AuthzRequest } from "./authz-request.js";

/** The part that decided. `authentication` only refuses. */
export type Decider =
  | "authentication"
  | "table"
  | "condition"
  | "rule"
  | "authorize"
  | "check"
  | "defaultPolicy"
  | "skipMethods";

/** A decision, with the part that made it. */
export type Verdict = Settled | Conditional;

interface Settled {
  readonly effect: "allow" | "deny";
  readonly decidedBy: Decider;
  /** The reason of a denial. */
  readonly reason?: AuthzDenialReason;
  /** Name of the rule that decided. */
  readonly rule?: string | undefined;
  /** The requirements of the deciding row or rule. */
  readonly policy?: MethodPolicy;
  /** The condition that refused, as it is written in the schema. */
  readonly condition?: string | undefined;
  /** The resource that the request names. */
  readonly resource?: string | undefined;
  /** The error that the deciding code threw. */
  readonly error?: unknown;
}

/** A call that is allowed if all checks pass. They run in order. */
export interface Conditional extends Omit<Settled, "effect"> {
  readonly effect: "conditional";
  readonly checks: readonly [Check, ...Check[]];
  /** Returns the resource that a request names. Undefined for a row without one. */
  readonly resourceOf?: ((message: Message) => string | undefined) | undefined;
}

/** The verdict for callers who meet its `policy`. */
export type PlannedVerdict = Verdict & {
  readonly policy: MethodPolicy;
  /** The row without the parts that checks decide. By default, `policy`. */
  readonly tested?: MethodPolicy;
  /** The condition of the row, if it can be decided in part without the request. */
  readonly early?: PolicyCondition | undefined;
};

/** The policy that every caller meets. */
export const anybody: MethodPolicy = { access: "allow" };

/** The reason of a check that failed. */
export interface FailedCheck {
  readonly reason: AuthzDenialReason;
  readonly condition?: string;
}

/** A check by code of the user, or by the parts of a row that need the request or a question. Only `true` passes. */
export interface Check {
  readonly decidedBy: "table" | "condition" | "authorize" | "check";
  /** Explains a failure. `hasThrown` is true for an error. By default, the reason is the name of the part. */
  explain?(result: unknown, hasThrown: boolean): FailedCheck;
  /** Runs in the gate, too: the check does not need the request. */
  runEarly?(context: AuthContext): unknown;
  /** Whether its result may change while a stream is open: it runs again every second then. */
  readonly mayChange?: boolean;
  /** Runs once, before the handler. */
  run(context: AuthContext, request: AuthzRequest): unknown;
  /** Runs for every message of a client's stream, before the handler receives it. */
  runOnMessage?(context: AuthContext, message: Message, request: AuthzRequest): unknown;
  /** Wraps a client's stream: runs all checks on each message. Set together with `runOnMessage`. */
  guard?(
    messages: AsyncIterable<Message>,
    context: AuthContext,
    requestOf: (message: Message) => AuthzRequest,
    runAll: RunChecks,
  ): AsyncIterable<Message>;
}

/** Runs the checks in order and stops at the first that fails. Rejects with the error for the caller. */
export type RunChecks = (run: (check: Check) => unknown, resource: string | undefined) => Promise<void>;
