import type { DescMethod } from "@bufbuild/protobuf";
import { monotonicTime } from "../clock.js";
import type { AuthContext } from "../context/auth-context.js";
import { checkFunction, checkWord } from "../option-checks.js";
import { createWarning } from "../warn.js";
import type { EnforcementOptions } from "./authz-options.js";
import type { AuthzDenialReason, Decider, Verdict } from "./verdict.js";

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
  onDecision: EnforcementOptions["onDecision"],
  decisionEvents: EnforcementOptions["decisionEvents"] = "all",
  enforced: boolean,
): DecisionLog | undefined {
  checkWord("decisionEvents", decisionEvents, "all", "denied");
  checkFunction("onDecision", onDecision);
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
