import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import { schemeOf } from "../context/identity-scheme.js";
import { monotonicTime } from "../platform/clock.js";
import { createWarning } from "../platform/warn.js";
import type { ReadAuthzOptions } from "./authz-options.js";
import type { DecisionEvent } from "./decision-event.js";
import type { Evaluator } from "./evaluator.js";
import { recordDecision } from "./record-decision.js";
import type { ObserveDecision } from "./startable-trial.js";
import type { Verdict } from "./verdict.js";

/** Reports a decision to `onDecision` and to the trial. */
export type DecisionLog = (
  verdict: Verdict,
  method: DescMethod,
  context: AuthContext | undefined,
  /** Start of the decision, by `monotonicTime()`. */
  start: number,
  /** The message of the call, if it has been read. */
  message?: Message,
) => void;

/**
 * Returns undefined if nobody listens.
 *
 * @param observe - decides the call again by the tables on trial.
 */
export function createDecisionLog(
  { onDecision, decisionEvents, decisionRecords }: ReadAuthzOptions,
  enforced: boolean,
  evaluator: Pick<Evaluator, "lookup" | "known">,
  observe: ObserveDecision | undefined,
): DecisionLog | undefined {
  if (!onDecision && !observe) return undefined;
  const warnOfFailure = createWarning("onDecision failed");

  return (verdict, { name, parent }, context, start, message) => {
    const isWanted = onDecision !== undefined && (verdict.effect !== "allow" || decisionEvents === "all");
    if (!isWanted && !observe) return;
    const { typeName: service } = parent;
    const { resource } = verdict;
    const event: DecisionEvent = {
      service,
      method: name,
      subject: context?.subject,
      scheme: context && schemeOf(context),
      actor: context?.actor,
      effect: verdict.effect === "allow" ? "allow" : "deny",
      decidedBy: verdict.decidedBy,
      rule: verdict.rule,
      reason: verdict.reason,
      condition: verdict.condition,
      resource,
      enforced: enforced || verdict.decidedBy === "authentication",
      durationMs: monotonicTime() - start,
      error: verdict.error,
    };
    const record =
      decisionRecords || observe ? recordDecision(evaluator, [service, name], context, resource) : undefined;
    // After the decision took effect: the callbacks must not delay the handler.
    queueMicrotask(async () => {
      if (record !== undefined) observe?.({ ...event, record }, { context, message });
      if (!isWanted) return;
      try {
        await onDecision(decisionRecords && record ? { ...event, record } : event);
      } catch {
        warnOfFailure();
      }
    });
  };
}
