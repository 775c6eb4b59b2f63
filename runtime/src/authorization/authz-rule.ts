import { compileMethodPatterns, type MethodMatcher } from "../options/method-pattern.js";
import { checkList, checkOption, checkWord, rejectUnknownOptions } from "../options/option-checks.js";
import { ownMembers } from "../options/option-names.js";
import { isNameList } from "../policy/name-list.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { anybody, type PlannedVerdict } from "./verdict.js";

/**
 * A rule in code, for methods whose schema says nothing.
 *
 * @typeParam Pattern - `MethodPatternOf<typeof OrderServicePolicy>` makes a misspelled method a type error.
 */
export interface AuthzRule<Pattern extends string = string> {
  /** For logs and audit; never sent to a client. */
  readonly name: string;
  /** Method patterns: `pkg.v1.Service/Get*`. */
  readonly methods: readonly Pattern[];
  readonly effect: "allow" | "deny";
  /** Whom the rule is for: it does not match others, and needs a caller who is authenticated. By default, anybody. */
  readonly requires?: {
    /** At least one of these. By default, none. */
    readonly roles?: readonly string[];
    /** All of these. By default, none. */
    readonly scopes?: readonly string[];
  };
}

/** A rule that has been checked: the verdict it gives, where it is meant and its `policy` is met. */
export interface CompiledRule {
  readonly matches: MethodMatcher;
  readonly verdict: PlannedVerdict;
}

/** @throws TypeError naming the rule and the member that is malformed. */
export function compileRules(rules: readonly AuthzRule[]): readonly CompiledRule[] {
  checkList("rules", rules);
  return rules.map((rule: AuthzRule, i) => {
    const { name, methods, effect, requires, ...rest } = ownMembers(Object(rule) as AuthzRule);
    checkOption(isNameList([name]), `rules[${i}].name`, "a non-empty string");
    const option = `rules[${i}] (${name})`;
    rejectUnknownOptions(rest, `${option}.`);
    checkWord(`${option}.effect`, effect, "allow", "deny");
    const matches = compileMethodPatterns(methods, `${option}.methods`);
    checkOption(methods.length > 0, `${option}.methods`, "a pattern");
    const policy = requires === undefined ? anybody : compileRequires(requires, `${option}.requires`);
    return {
      matches,
      verdict: { effect, decidedBy: "rule", rule: name, ...(effect === "deny" && { reason: "rule" }), policy },
    };
  });
}

function compileRequires(requires: NonNullable<AuthzRule["requires"]>, option: string): MethodPolicy {
  // A set or a promise, for example, would ask for nothing.
  checkOption({}.toString.call(requires) === "[object Object]", option, "an object");
  const { roles = [], scopes = [], ...rest } = ownMembers(requires);
  rejectUnknownOptions(rest, `${option}.`);
  checkOption(isNameList(roles), `${option}.roles`, "a list of non-empty strings");
  checkOption(isNameList(scopes), `${option}.scopes`, "a list of non-empty strings");
  return { access: "requires", roles: [...roles], scopes: [...scopes] };
}
