import { compileMethodPatterns, type MethodMatcher } from "../method-pattern.js";
import { checkList, checkWord, rejectUnknownOptions } from "../option-checks.js";
import { isNameList } from "../policy/name-list.js";
import type { MethodPolicy } from "../policy/service-policy.js";

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

export interface CompiledRule {
  readonly name: string;
  readonly effect: "allow" | "deny";
  readonly methods: readonly string[];
  readonly matches: MethodMatcher;
  readonly requires: MethodPolicy | undefined;
}

/** @throws TypeError naming the rule and the member that is malformed. */
export function compileRules(rules: readonly AuthzRule[] = []): readonly CompiledRule[] {
  checkList("rules", rules);
  return rules.map((rule: AuthzRule, i) => {
    const { name, methods, effect, requires, ...rest } = Object(rule) as AuthzRule;
    if (typeof name !== "string" || name === "") throw new TypeError(`rules[${i}].name: expected a non-empty string`);
    const option = `rules[${i}] (${name})`;
    rejectUnknownOptions(rest, `${option}.`);
    checkWord(`${option}.effect`, effect, "allow", "deny");
    const matches = compileMethodPatterns(methods, `${option}.methods`);
    if (methods.length === 0) throw new TypeError(`${option}.methods: expected a pattern`);
    return {
      name,
      effect,
      methods: [...methods],
      matches,
      requires: requires === undefined ? undefined : compileRequires(requires, `${option}.requires`),
    };
  });
}

function compileRequires(requires: NonNullable<AuthzRule["requires"]>, option: string): MethodPolicy {
  if (Object(requires) !== requires) throw new TypeError(`${option}: expected an object`);
  const { roles = [], scopes = [], ...rest } = requires;
  rejectUnknownOptions(rest, `${option}.`);
  for (const [name, list] of Object.entries({ roles, scopes })) {
    if (!isNameList(list)) throw new TypeError(`${option}.${name}: expected a list of non-empty strings`);
  }
  return { access: "requires", roles: [...roles], scopes: [...scopes] };
}
