import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthContext } from "../context/auth-context.js";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import { readMethodChecks } from "./authorize-methods.js";
import type { ReadAuthzOptions } from "./authz-options.js";
import { type CompiledRule, compileRules } from "./authz-rule.js";
import { decideBy } from "./decide-by.js";
import { listFallbacks } from "./fallbacks.js";
import { createPermissions, type Permissions } from "./permissions.js";
import { planRow, type RowPlan } from "./plan-row.js";
import { warnOfShadowedPatterns, warnOfUnknownMethods, warnOfUnreachablePatterns } from "./unreachable-rules.js";
import type { PlannedVerdict, Verdict } from "./verdict.js";

/** Decides calls. Every decision goes through here. */
export interface Evaluator extends Permissions {
  /** Decides by the method and the caller. Leaves the rest to checks. Never throws: a decision that fails is a denial. */
  evaluate(call: { readonly method: DescMethod }, context: AuthContext | undefined): Verdict;
  /** The row of a method. Undefined if its service has no table. */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/**
 * @param skipped - rules before those of the options.
 * @throws TypeError for malformed tables, rules or options.
 */
export function createEvaluator(
  policies: Iterable<ServicePolicy>,
  options: ReadAuthzOptions,
  skipped: readonly CompiledRule[],
): Evaluator {
  const { rules, checks, roles, matchScope, grants, grantsCache } = options;
  const { services, lookup } = createPolicyIndex(policies);
  const compiled = compileRules(rules);
  const fallbacks = listFallbacks([...skipped, ...compiled], options);
  if (services.size > 0) warnOfUnreachablePatterns(rules, services);
  warnOfShadowedPatterns(rules, compiled, skipped);
  // Services are checked at their first call: keep a copy until then.
  const patterns = rules.map(({ name, methods, effect }) => ({ name, methods: [...methods], effect }));
  const called = new Set<string>();
  const permissions = createPermissions(services, roles, grants, grantsCache);
  const { callerOf } = permissions;
  const methodChecks = readMethodChecks(checks, (service, method) => lookup(service, method)?.access === "public");
  const plans = new WeakMap<DescMethod, readonly PlannedVerdict[]>();

  /** Everything about a method that does not depend on the caller. */
  function createPlan(method: DescMethod): readonly PlannedVerdict[] {
    const { name, parent } = method;
    const { typeName } = parent;
    if (!called.has(typeName) && !services.has(typeName)) warnOfUnknownMethods(patterns, parent);
    called.add(typeName);
    const row = lookup(typeName, name);
    const verdicts =
      row && row.access !== "unspecified"
        ? [{ effect: "allow", decidedBy: "table", policy: row } as const]
        : fallbacks.filter(({ matches }) => matches(typeName, name)).map(({ verdict }) => verdict);
    // By name: a second copy of the descriptors must not avoid a check.
    const more = methodChecks.flatMap(({ service, checks }) => (service === typeName && checks.get(name)) || []);
    const {
      tested,
      checks: before = [],
      early,
      resourceOf,
    }: Partial<RowPlan> = row ? planRow(row, method, permissions) : {};
    return verdicts.map((verdict): PlannedVerdict => {
      const own = verdict.effect === "conditional" ? verdict.checks : [];
      const [first, ...others] = [...before, ...own, ...more];
      if (!first || verdict.effect === "deny") return verdict;
      const isByTable = verdict.decidedBy === "table" && tested !== undefined;
      const planned = { ...verdict, ...(isByTable && { tested }), early, resourceOf };
      return { ...planned, effect: "conditional", checks: [first, ...others] };
    });
  }

  return {
    ...permissions,
    lookup,
    evaluate({ method }, context) {
      try {
        let plan = plans.get(method);
        if (!plan) {
          plan = createPlan(method);
          plans.set(method, plan);
        }
        return decideBy(plan, context && callerOf(context), matchScope);
      } catch (error) {
        return { effect: "deny", decidedBy: "table", reason: "error", error };
      }
    },
  };
}
