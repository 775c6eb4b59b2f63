import { compileMethodPatterns, type MethodMatcher } from "../method-pattern.js";
import { isNameList } from "../policy/name-list.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { rejectUnknownOptions } from "../reject-unknown-options.js";

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
  if (!Array.isArray(rules)) throw new TypeError("rules: expected a list");
  return rules.map((rule: AuthzRule, i) => {
    const { name, methods, effect, requires, ...rest } = Object(rule) as AuthzRule;
    if (typeof name !== "string" || name === "") throw new TypeError(`rules[${i}].name: expected a non-empty string`);
    const option = `rules[${i}] (${name})`;
    rejectUnknownOptions(rest, `${option}.`);
    if (effect !== "allow" && effect !== "deny") {
      throw new TypeError(`${option}.effect: expected "allow" or "deny", got ${JSON.stringify(effect)}`);
    }
    if (!Array.isArray(methods) || methods.length === 0) {
      throw new TypeError(`${option}.methods: expected at least one method pattern`);
    }
    return {
      name,
      effect,
      methods: [...methods],
      matches: compileMethodPatterns(methods, `${option}.methods`),
      requires: requires === undefined ? undefined : compileRequires(requires, `${option}.requires.`),
    };
  });
}

function compileRequires(requires: NonNullable<AuthzRule["requires"]>, option: string): MethodPolicy {
  if (Object(requires) !== requires)
    throw new TypeError(`${option}roles, ${option}scopes: expected an object of these`);
  const { roles = [], scopes = [], ...rest } = requires;
  rejectUnknownOptions(rest, option);
  if (!isNameList(roles)) throw new TypeError(`${option}roles: expected a list of non-empty strings`);
  if (!isNameList(scopes)) throw new TypeError(`${option}scopes: expected a list of non-empty strings`);
  return { access: "requires", roles: [...roles], scopes: [...scopes] };
}
