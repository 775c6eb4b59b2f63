import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import type { AuthzDenialReason } from "../errors/authz-denied-error.js";
import { monotonicTime } from "../platform/clock.js";
import { createWarning } from "../platform/warn.js";
import type { Decider, Verdict } from "./verdict.js";

/** A decision, for audit logs. Nothing in it is meant for a client. */
export interface DecisionEvent {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  /** Who was calling; undefined where nobody was authenticated. */
  readonly subject: string | undefined;
  readonly effect: "allow" | "deny";
  readonly decidedBy: Decider;
  /** Name of the rule that decided. */
  readonly rule: string | undefined;
  /** Why the call is denied. */
  readonly reason: AuthzDenialReason | undefined;
  /** False where the call goes on in spite of a denial: `mode: "report"`. */
  readonly enforced: boolean;
  /** How long it took to decide, in milliseconds. Waiting for a message does not count. */
  readonly durationMs: number;
  /** What the deciding code threw; what the client is told, with its cause, where authentication refused. */
  readonly error: unknown;
}

/** Tells `onDecision` of a decision. */
export type DecisionLog = (
  verdict: Verdict,
  method: DescMethod,
  context: AuthContext | undefined,
  /** When the decision began, by `monotonicTime()`. */
  start: number,
) => void;

/**
 * Undefined where there is nobody to tell.
 *
 * @throws TypeError for a malformed option.
 */
export function createDecisionLog(
  onDecision: ((event: DecisionEvent) => void | PromiseLike<void>) | undefined,
  decisionEvents: "all" | "denied",
  enforced: boolean,
): DecisionLog | undefined {
  if (!onDecision) return undefined;
  const warnOfFailure = createWarning("onDecision failed");

  return (verdict, { name, parent }, context, start) => {
    if (verdict.effect === "allow" && decisionEvents === "denied") return;
    const event: DecisionEvent = {
      service: parent.typeName,
      method: name,
      subject: context?.subject,
      effect: verdict.effect === "allow" ? "allow" : "deny",
      decidedBy: verdict.decidedBy,
      rule: verdict.rule,
      reason: verdict.reason,
      enforced: enforced || verdict.decidedBy === "authentication",
      durationMs: monotonicTime() - start,
      error: verdict.error,
    };
    // When the decision has taken effect, so that the callback does not stand between it and the handler.
    queueMicrotask(async () => {
      try {
        await onDecision(event);
      } catch {
        warnOfFailure();
      }
    });
  };
}
