import { anything, list, type OptionCheck, required, text, word } from "../options/check.js";
import { compileMethodPatterns, type MethodMatcher } from "../options/method-pattern.js";
import { checkOption, type OptionTable, readOptions } from "../options/read-options.js";
import { isNameList } from "../policy/name-list.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { anybody, type PlannedVerdict } from "./verdict.js";

/**
 * A rule in code. It decides methods without a policy in the schema.
 *
 * @typeParam Pattern - `MethodPatternOf<typeof OrderServicePolicy>` makes a misspelled method a type error.
 */
export interface AuthzRule<Pattern extends string = string> {
  /** For logs and audit. Clients never receive it. */
  readonly name: string;
  /** Method patterns: `pkg.v1.Service/Get*`. */
  readonly methods: readonly Pattern[];
  readonly effect: "allow" | "deny";
  /** The callers that the rule matches. They must be authenticated. By default, every caller. */
  readonly requires?: {
    /** At least one of these. By default, none. */
    readonly roles?: readonly string[];
    /** All of these. By default, none. */
    readonly scopes?: readonly string[];
  };
}

/** A compiled rule: its verdict for the matching methods, and the callers who meet the verdict's policy. */
export interface CompiledRule {
  readonly matches: MethodMatcher;
  readonly verdict: PlannedVerdict;
}

const nameList: OptionCheck = { accepts: isNameList, expected: "a list of non-empty strings" };

const requiresOptions = (): OptionTable<NonNullable<AuthzRule["requires"]>, "roles" | "scopes"> => ({
  // Undefined is refused: the rule would match every authenticated caller.
  roles: { ...nameList, fallback: [] },
  scopes: { ...nameList, fallback: [] },
});

const ruleOptions = (): OptionTable<AuthzRule> => ({
  name: required(text),
  methods: required(list),
  effect: required(word("allow", "deny")),
  requires: anything,
});

/** @throws TypeError naming the rule and the member that is malformed. */
export function compileRules(rules: readonly AuthzRule[]): readonly CompiledRule[] {
  return rules.map((rule, i) => {
    const label = rule?.name ? `rules[${i}] (${rule.name})` : `rules[${i}]`;
    const own = readOptions(label, rule, ruleOptions, `${label}.`);
    const { name, methods, effect } = own;
    const matches = compileMethodPatterns(methods, `${label}.methods`);
    checkOption(methods.length > 0, `${label}.methods`, "a pattern");
    const policy = "requires" in own ? compileRequires(own.requires, `${label}.requires`) : anybody;
    return {
      matches,
      verdict: { effect, decidedBy: "rule", rule: name, ...(effect === "deny" && { reason: "rule" }), policy },
    };
  });
}

function compileRequires(requires: NonNullable<AuthzRule["requires"]>, option: string): MethodPolicy {
  const { roles, scopes } = readOptions(option, requires, requiresOptions, `${option}.`);
  return { access: "requires", roles: [...roles], scopes: [...scopes] };
}
