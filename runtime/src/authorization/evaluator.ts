import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import { compileMethodPatterns } from "../method-pattern.js";
import { checkFunction, checkList, checkWord, rejectUnknownOptions } from "../option-checks.js";
import { type Caller, decide } from "../policy/decide.js";
import { createPolicyIndex, missingRow } from "../policy/policy-index.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import type { DecisionOptions } from "./authz-options.js";
import { type CompiledRule, compileRules } from "./authz-rule.js";
import { createCallerLookup } from "./caller.js";
import { warnOfIdlePatterns } from "./idle-patterns.js";
import type { Decider, Question, Verdict } from "./verdict.js";

/** The one place where calls are decided. */
export interface Evaluator {
  /** Decides by the method and the caller; what only code can say is left as questions. */
  evaluate(method: DescMethod, context: AuthContext | undefined): Verdict;
  /** What the tables say about a method. Undefined where its service has no table. */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/** What is known of a method before anybody calls it; worked out at its first call. */
interface Plan {
  /** Undefined where the schema says nothing. */
  readonly row: MethodPolicy | undefined;
  readonly byRow: Verdict;
  readonly rules: readonly { readonly requires: MethodPolicy | undefined; readonly verdict: Verdict }[];
  readonly otherwise: Verdict;
}

/** @throws TypeError for malformed tables, rules or options. */
export function createEvaluator(
  policies: Iterable<ServicePolicy>,
  options: DecisionOptions,
  skipMethods: readonly string[] = [],
): Evaluator {
  const { rules, authorize, defaultPolicy = "deny", checks = [], roles, matchScope, ...rest } = options;
  rejectUnknownOptions(rest);
  const index = createPolicyIndex(policies);
  const compiledRules = compileRules(rules);
  const skips = compileMethodPatterns(skipMethods, "skipMethods");
  const callerOf = createCallerLookup(roles);
  checkWord("defaultPolicy", defaultPolicy, "allow", "deny");
  checkFunction("authorize", authorize);
  checkFunction("matchScope", matchScope);
  checkList("checks", checks);
  if (!checks.every((check) => check?.questions instanceof Map)) {
    throw new TypeError("checks: expected what authorizeMethods returns");
  }
  // By name, so that a second copy of the descriptors is not a way around a check.
  const questionsOf = new Map<string, Question[]>();
  for (const { service, questions } of checks) {
    for (const [method, question] of questions) {
      const path = `${service}/${method}`;
      if (index.lookup(service, method)?.access === "public" || skips(service, method)) {
        throw new TypeError(`checks: ${path} is public, and a check needs a caller`);
      }
      questionsOf.set(path, [...(questionsOf.get(path) ?? []), question]);
    }
  }
  if (index.services.size > 0) {
    for (const { name, methods } of compiledRules) warnOfIdlePatterns(methods, `rule ${name}`, index);
  }
  const plans = new WeakMap<DescMethod, Plan>();

  function createPlan({ name, parent: { typeName } }: DescMethod): Plan {
    const questions = questionsOf.get(`${typeName}/${name}`) ?? [];
    const allow = (decidedBy: Decider, by?: Partial<Verdict>) => afterQuestions(questions, { decidedBy, ...by });
    const row = index.lookup(typeName, name);
    if (skips(typeName, name)) {
      return { row: { access: "allow" }, byRow: allow("skipMethods"), rules: [], otherwise: nobody };
    }
    return {
      row: row?.access === "unspecified" ? undefined : row,
      byRow: allow("table", row && { policy: row }),
      rules: compiledRules.filter(({ matches }) => matches(typeName, name)).map((rule) => byRule(rule, allow)),
      otherwise:
        authorize !== undefined
          ? afterQuestions([{ decidedBy: "authorize", ask: authorize }, ...questions], { decidedBy: "authorize" })
          : defaultPolicy === "allow"
            ? allow("defaultPolicy")
            : nobody,
    };
  }

  return {
    lookup: index.lookup,
    evaluate(method, context) {
      let plan = plans.get(method);
      if (plan === undefined) {
        plan = createPlan(method);
        plans.set(method, plan);
      }
      const caller = callerOf(context);
      const verdict = plan.row === undefined ? byRules(plan, caller) : byRow(plan.row, plan.byRow, caller);
      if (verdict.effect !== "ask" || caller !== undefined) return verdict;
      return { effect: "deny", decidedBy: verdict.questions?.[0]?.decidedBy ?? "check", reason: "unauthenticated" };
    },
  };

  function byRow(row: MethodPolicy, allowed: Verdict, caller: Caller | undefined): Verdict {
    const decision = decide(row, caller, matchScope);
    if (decision.kind === "allow") return allowed;
    const reason = decision.kind === "unauthenticated" ? decision.kind : decision.reason;
    return { effect: "deny", decidedBy: "table", reason: row === missingRow ? "missing-row" : reason, policy: row };
  }

  function byRules({ rules, otherwise }: Plan, caller: Caller | undefined): Verdict {
    for (const { requires, verdict } of rules) {
      if (requires === undefined) return verdict;
      const { kind } = decide(requires, caller, matchScope);
      if (kind === "allow") return verdict;
      if (kind === "unauthenticated") return { ...verdict, effect: "deny", reason: kind };
    }
    return otherwise;
  }
}

const nobody: Verdict = { effect: "deny", decidedBy: "defaultPolicy", reason: "default" };

function afterQuestions(questions: readonly Question[], by: Omit<Verdict, "effect">): Verdict {
  return questions.length === 0 ? { effect: "allow", ...by } : { effect: "ask", questions, ...by };
}

function byRule({ name, effect, requires }: CompiledRule, allow: (by: "rule", more: Partial<Verdict>) => Verdict) {
  const by = { rule: name, ...(requires && { policy: requires }) };
  const verdict: Verdict =
    effect === "allow" ? allow("rule", by) : { effect: "deny", decidedBy: "rule", reason: "rule", ...by };
  return { requires, verdict };
}
