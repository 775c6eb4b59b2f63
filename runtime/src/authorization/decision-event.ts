import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import type { AuthzDenialReason } from "../errors/authz-denied-error.js";
import { monotonicTime } from "../platform/clock.js";
import { createWarning } from "../platform/warn.js";
import type { Decider, Verdict } from "./verdict.js";

/** A decision, for audit logs. Never send it to a client. */
export interface DecisionEvent {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  /** Undefined for an anonymous caller. */
  readonly subject: string | undefined;
  readonly effect: "allow" | "deny";
  readonly decidedBy: Decider;
  /** Name of the deciding rule. */
  readonly rule: string | undefined;
  /** The reason of a denial. */
  readonly reason: AuthzDenialReason | undefined;
  /** The condition that refused, as it is written in the schema. */
  readonly condition: string | undefined;
  /** The resource that the request names. Undefined for a method without `resource`, and before the message is read. */
  readonly resource: string | undefined;
  /** False if a denied call proceeds: `mode: "report"`. */
  readonly enforced: boolean;
  /** Time of the decision in milliseconds, without the wait for a message. */
  readonly durationMs: number;
  /**
   * The error that the deciding code threw. For a refusal by authentication, the `ConnectError` for the client; its `cause`
   * is the {@link InvalidCredentialError} with its `reason`.
   */
  readonly error: unknown;
}

/** Reports a decision to `onDecision`. */
export type DecisionLog = (
  verdict: Verdict,
  method: DescMethod,
  context: AuthContext | undefined,
  /** Start of the decision, by `monotonicTime()`. */
  start: number,
) => void;

/** Returns undefined without `onDecision`. */
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
      condition: verdict.condition,
      resource: verdict.resource,
      enforced: enforced || verdict.decidedBy === "authentication",
      durationMs: monotonicTime() - start,
      error: verdict.error,
    };
    // After the decision took effect: the callback must not delay the handler.
    queueMicrotask(async () => {
      try {
        await onDecision(event);
      } catch {
        warnOfFailure();
      }
    });
  };
}
