import { compileRules } from "../authorization/authz-rule.js";
import { decideBy } from "../authorization/decide-by.js";
import { listFallbacks } from "../authorization/fallbacks.js";
import type { RecordedDecision } from "../authorization/startable-trial.js";
import type { ConditionCaller } from "../policy/condition.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { allow, deny, type Redecision, undecided } from "./redecision.js";
import type { ServerCode } from "./server-code.js";

type CodeStep = (
  row: MethodPolicy | undefined,
  past: RecordedDecision,
  caller: ConditionCaller | undefined,
) => Redecision;

/**
 * Returns the decision by rules, `authorize` and `defaultPolicy`. Only methods without a policy need it.
 *
 * `authorize` does not run again.
 */
export function createCodeStep({ isKnown, rules, authorize, defaultPolicy, matchScope }: ServerCode): CodeStep {
  const fallbacks = isKnown ? listFallbacks(compileRules(rules), { authorize, defaultPolicy }) : undefined;
  return (row, past, caller) => {
    if (row !== undefined && row.access !== "unspecified") return allow;
    const { service, method, rule, record } = past;
    const wasCode = record.access === undefined || record.access === "unspecified";
    const before = wasCode ? codeBefore(past) : undecided("code");
    if (fallbacks === undefined) return before;
    const plan = fallbacks.filter(({ matches }) => matches(service, method)).map(({ verdict }) => verdict);
    const verdict = decideBy(plan, caller, matchScope);
    if (verdict.effect === "conditional") return rule === undefined ? before : undecided("code");
    return verdict.effect === "allow" ? allow : deny(verdict.reason ?? "default");
  };
}

/** The decision of the code then. Undecided if another part refused before it. */
function codeBefore({ effect, decidedBy, reason }: RecordedDecision): Redecision {
  if (effect === "allow" || decidedBy === "check") return allow;
  const isCode = ["rule", "authorize", "defaultPolicy", "skipMethods"].includes(decidedBy);
  return isCode ? deny(reason ?? "default") : undecided("code");
}
