import type { Message } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import type { AuthzDenialReason } from "../errors/authz-denied-error.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { AuthzRequest } from "./authz-request.js";

/** The part that decided. `authentication` only refuses. */
export type Decider = "authentication" | "table" | "rule" | "authorize" | "check" | "defaultPolicy" | "skipMethods";

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
  /** The error that the deciding code threw. */
  readonly error?: unknown;
}

/** A call that is allowed if all checks pass. They run in order. */
export interface Conditional extends Omit<Settled, "effect"> {
  readonly effect: "conditional";
  readonly checks: readonly [Check, ...Check[]];
}

/** The verdict for callers who meet its `policy`. */
export type PlannedVerdict = Verdict & { readonly policy: MethodPolicy };

/** The policy that every caller meets. */
export const anybody: MethodPolicy = { access: "allow" };

/** A check by code of the user. Only `true` passes. */
export interface Check {
  readonly decidedBy: "authorize" | "check";
  /** Runs once, before the handler. */
  run(context: AuthContext, request: AuthzRequest): unknown;
  /** Runs for every message of a client's stream, before the handler receives it. */
  runOnMessage?(context: AuthContext, message: Message, request: AuthzRequest): unknown;
  /** Wraps a client's stream: runs all checks on each message. Set together with `runOnMessage`. */
  guard?(
    messages: AsyncIterable<Message>,
    context: AuthContext,
    request: AuthzRequest,
    runAll: RunChecks,
  ): AsyncIterable<Message>;
}

/** Runs the checks in order and stops at the first that fails. Rejects with the error for the caller. */
export type RunChecks = (run: (check: Check) => unknown) => Promise<void>;
