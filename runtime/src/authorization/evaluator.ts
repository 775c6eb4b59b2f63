import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import { checkOption } from "../options/read-options.js";
import { type Caller, decide } from "../policy/decide.js";
import { createPolicyIndex, missingRow } from "../policy/policy-index.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import type { ReadAuthzOptions } from "./authz-options.js";
import { type CompiledRule, compileRules } from "./authz-rule.js";
import { createCallerLookup } from "./caller.js";
import { warnOfIdlePatterns, warnOfShadowedPatterns, warnOfUnknownMethods } from "./unreachable-rules.js";
import { anybody, type PlannedVerdict, type Verdict } from "./verdict.js";

/** The one place where calls are decided. */
export interface Evaluator {
  /**
   * Decides by the method and the caller; what only code can say is left as questions. Never throws: a
   * decision that fails is a no.
   */
  evaluate(call: { readonly method: DescMethod }, context: AuthContext | undefined): Verdict;
  /** What the tables say about a method. Undefined where its service has no table. */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/**
 * @param skipped - rules that come before those of the options.
 * @throws TypeError for malformed tables, rules or options.
 */
export function createEvaluator(
  policies: Iterable<ServicePolicy>,
  options: ReadAuthzOptions,
  skipped: readonly CompiledRule[],
): Evaluator {
  const { rules, authorize, defaultPolicy, checks, roles, matchScope } = options;
  const { services, lookup } = createPolicyIndex(policies);
  const compiled = compileRules(rules);
  /** In order, where no table decides. */
  const fallbacks: readonly CompiledRule[] = [
    ...skipped,
    ...compiled,
    {
      matches: () => true,
      verdict: authorize
        ? {
            effect: "ask",
            decidedBy: "authorize",
            policy: anybody,
            questions: [{ decidedBy: "authorize", ask: authorize }],
          }
        : { effect: "allow", decidedBy: "defaultPolicy", policy: { access: defaultPolicy } },
    },
  ];
  if (services.size > 0) warnOfIdlePatterns(rules, services);
  warnOfShadowedPatterns(rules, compiled, skipped);
  // A copy, for services that are called later.
  const patterns = rules.map(({ name, methods, effect }) => ({ name, methods: [...methods], effect }));
  const called = new Set<string>();
  const callerOf = createCallerLookup(roles);
  for (const check of checks) {
    checkOption(typeof check?.rejectPublic === "function", "checks", "the result of authorizeMethods()");
    check.rejectPublic((service, method) => lookup(service, method)?.access === "public");
  }
  const allChecks = [...checks];
  const plans = new WeakMap<DescMethod, readonly PlannedVerdict[]>();

  /** What is known of a method before anybody calls it. */
  function createPlan({ name, parent }: DescMethod): readonly PlannedVerdict[] {
    const { typeName } = parent;
    if (!called.has(typeName) && !services.has(typeName)) warnOfUnknownMethods(patterns, parent);
    called.add(typeName);
    const row = lookup(typeName, name);
    const verdicts =
      row && row.access !== "unspecified"
        ? [{ effect: "allow", decidedBy: "table", policy: row } as const]
        : fallbacks.filter(({ matches }) => matches(typeName, name)).map(({ verdict }) => verdict);
    // By name, so that a second copy of the descriptors is not a way around a check.
    const more = allChecks.flatMap(({ service, questions }) => (service === typeName && questions.get(name)) || []);
    return verdicts.map((verdict) => {
      const [first, ...others] = verdict.effect === "ask" ? [...verdict.questions, ...more] : more;
      return !first || verdict.effect === "deny"
        ? verdict
        : { ...verdict, effect: "ask", questions: [first, ...others] };
    });
  }

  function decideBy(plan: readonly PlannedVerdict[], caller: Caller | undefined): Verdict {
    for (const verdict of plan) {
      const { decidedBy, rule, policy } = verdict;
      const decision = decide(policy, caller, matchScope);
      if (decision.kind === "allow") {
        if (verdict.effect !== "ask" || caller) return verdict;
        return { effect: "deny", decidedBy: verdict.questions[0].decidedBy, reason: "unauthenticated" };
      }
      const denied = decision.kind === "denied" ? decision.reason : decision.kind;
      const reason = policy === missingRow ? "missing-row" : denied;
      // Where a table says no, that is the end. A rule that is not met leaves it to the next one.
      // Written out, since to spread the verdict takes as long as the rest of a denial.
      if (reason === "unauthenticated" || decidedBy === "table")
        return { effect: "deny", decidedBy, rule, reason, policy };
    }
    return { effect: "deny", decidedBy: "defaultPolicy", reason: "default" };
  }

  return {
    lookup,
    evaluate({ method }, context) {
      try {
        let plan = plans.get(method);
        if (!plan) {
          plan = createPlan(method);
          plans.set(method, plan);
        }
        return decideBy(plan, context && callerOf(context));
      } catch (error) {
        return { effect: "deny", decidedBy: "table", reason: "error", error };
      }
    },
  };
}
