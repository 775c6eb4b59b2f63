import { wallTime } from "../platform/clock.js";
import { admits, type ConditionCaller } from "../policy/condition.js";
import { decide, type MatchScope } from "../policy/decide.js";
import { missingRow } from "../policy/policy-index.js";
import type { PlannedVerdict, Verdict } from "./verdict.js";

/**
 * Decides by the first verdict of a method whose policy the caller meets. The verdict may leave the rest to checks.
 *
 * A denial by the table is final. Without an identity, the first verdict that needs one denies.
 *
 * @throws the error of `matchScope`.
 */
export function decideBy(
  plan: readonly PlannedVerdict[],
  caller: ConditionCaller | undefined,
  matchScope: MatchScope | undefined,
): Verdict {
  for (const verdict of plan) {
    const { decidedBy, rule, policy, early } = verdict;
    const decision = decide(verdict.tested ?? policy, caller, matchScope);
    if (decision.kind === "allow") {
      if (verdict.effect !== "conditional") return verdict;
      if (!caller) return { effect: "deny", decidedBy: verdict.checks[0].decidedBy, reason: "unauthenticated" };
      if (early === undefined || admits(early, caller, wallTime())) return verdict;
      return { effect: "deny", decidedBy: "condition", reason: "condition", condition: early.cel };
    }
    const denied = decision.kind === "denied" ? decision.reason : decision.kind;
    const reason = policy === missingRow ? "missing-row" : denied;
    // The next rule decides about a caller who does not meet this one.
    // Written out: spreading the verdict takes as long as the rest of a denial.
    if (reason === "unauthenticated" || decidedBy === "table")
      return { effect: "deny", decidedBy, rule, reason, policy };
  }
  return { effect: "deny", decidedBy: "defaultPolicy", reason: "default" };
}
