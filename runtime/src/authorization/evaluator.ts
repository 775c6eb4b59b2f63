import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import { compileMethodPatterns } from "../method-pattern.js";
import { checkFunction, checkList, checkOption, checkWord, rejectUnknownOptions } from "../option-checks.js";
import { decide } from "../policy/decide.js";
import { createPolicyIndex, missingRow } from "../policy/policy-index.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import type { DecisionOptions } from "./authz-options.js";
import { compileRules } from "./authz-rule.js";
import { createCallerLookup } from "./caller.js";
import { warnOfIdlePatterns } from "./idle-patterns.js";
import { anybody, type PlannedVerdict, type Question, type Verdict } from "./verdict.js";

/** The one place where calls are decided. */
export interface Evaluator {
  /** Decides by the method and the caller; what only code can say is left as questions. */
  evaluate(method: DescMethod, context: AuthContext | undefined): Verdict;
  /** What the tables say about a method. Undefined where its service has no table. */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/** @throws TypeError for malformed tables, rules or options. */
export function createEvaluator(
  policies: Iterable<ServicePolicy>,
  options: DecisionOptions,
  skipMethods: readonly string[] = [],
): Evaluator {
  const { rules = [], authorize, defaultPolicy = "deny", checks = [], roles, matchScope, ...rest } = options;
  rejectUnknownOptions(rest);
  const { services, lookup } = createPolicyIndex(policies);
  const compiledRules = compileRules(rules);
  if (services.size > 0) warnOfIdlePatterns(rules, services);
  const skips = compileMethodPatterns(skipMethods, "skipMethods");
  const callerOf = createCallerLookup(roles);
  checkWord("defaultPolicy", defaultPolicy, "allow", "deny");
  checkFunction("authorize", authorize);
  checkFunction("matchScope", matchScope);
  checkList("checks", checks);
  // By name, so that a second copy of the descriptors is not a way around a check.
  const questionsOf = new Map<string, Question[]>();
  for (const check of checks) {
    checkOption(check?.questions instanceof Map, "checks", "what authorizeMethods returns");
    const { service, questions } = check;
    for (const [method, question] of questions) {
      const path = `${service}/${method}`;
      if (lookup(service, method)?.access === "public" || skips(service, method)) {
        throw new TypeError(`checks: ${path} is public, and a check needs a caller`);
      }
      questionsOf.set(path, [...(questionsOf.get(path) ?? []), question]);
    }
  }
  const otherwise: PlannedVerdict =
    authorize === undefined
      ? { effect: "allow", decidedBy: "defaultPolicy", policy: { access: defaultPolicy } }
      : {
          effect: "ask",
          decidedBy: "authorize",
          policy: anybody,
          questions: [{ decidedBy: "authorize", ask: authorize }],
        };
  /** What is known of a method before anybody calls it; worked out at its first call. */
  const plans = new WeakMap<DescMethod, readonly PlannedVerdict[]>();

  function createPlan(service: string, method: string): readonly PlannedVerdict[] {
    const row = lookup(service, method);
    if (skips(service, method)) return [{ effect: "allow", decidedBy: "skipMethods", policy: anybody }];
    if (row === missingRow) return [{ effect: "deny", decidedBy: "table", policy: anybody, reason: "missing-row" }];
    if (row !== undefined && row.access !== "unspecified")
      return [{ effect: "allow", decidedBy: "table", policy: row }];
    const matching = compiledRules.filter(({ matches }) => matches(service, method));
    return [...matching.map(({ verdict }) => verdict), otherwise];
  }

  function planOf(descriptor: DescMethod): readonly PlannedVerdict[] {
    let plan = plans.get(descriptor);
    if (plan === undefined) {
      const { name, parent } = descriptor;
      const checks = questionsOf.get(`${parent.typeName}/${name}`);
      plan = createPlan(parent.typeName, name).map((verdict) =>
        checks === undefined || verdict.effect === "deny"
          ? verdict
          : { ...verdict, effect: "ask", questions: [...(verdict.questions ?? []), ...checks] },
      );
      plans.set(descriptor, plan);
    }
    return plan;
  }

  return {
    lookup,
    evaluate(method, context) {
      const caller = callerOf(context);
      for (const verdict of planOf(method)) {
        const { decidedBy, rule, policy } = verdict;
        const decision = decide(policy, caller, matchScope);
        if (decision.kind === "allow") {
          const [question] = verdict.questions ?? [];
          if (question === undefined || caller !== undefined) return verdict;
          return { effect: "deny", decidedBy: question.decidedBy, reason: "unauthenticated" };
        }
        const reason = decision.kind === "denied" ? decision.reason : decision.kind;
        // Where a table says no, that is the end. A rule that is not met leaves it to the next one.
        if (reason === "unauthenticated" || decidedBy === "table")
          return { effect: "deny", decidedBy, rule, reason, policy };
      }
      return { effect: "deny", decidedBy: "defaultPolicy", reason: "default" };
    },
  };
}
