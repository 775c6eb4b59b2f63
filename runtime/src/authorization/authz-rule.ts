import { compileMethodPatterns, type MethodMatcher } from "../method-pattern.js";
import type { MethodPolicy } from "../policy/service-policy.js";

/** A rule in code, for methods whose schema says nothing. */
export interface AuthzRule {
  /** For logs and audit; never sent to a client. */
  readonly name: string;
  /** Method patterns: `pkg.v1.Service/Get*`. */
  readonly methods: readonly string[];
  readonly effect: "allow" | "deny";
  /** Whom the rule is for: it does not match others. By default, anybody. */
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
  readonly matches: MethodMatcher;
  readonly requires: MethodPolicy | undefined;
}

/** @throws TypeError naming the rule and the member that is malformed. */
export function compileRules(rules: readonly AuthzRule[] = []): readonly CompiledRule[] {
  if (!Array.isArray(rules)) throw new TypeError("rules: expected a list");
  return rules.map((rule: AuthzRule, i) => {
    const { name, methods, effect, requires } = Object(rule);
    if (typeof name !== "string" || name === "") throw new TypeError(`rules[${i}].name: expected a non-empty string`);
    const option = `rules[${i}] (${name})`;
    if (effect !== "allow" && effect !== "deny") {
      throw new TypeError(`${option}.effect: expected "allow" or "deny", got ${JSON.stringify(effect)}`);
    }
    if (!Array.isArray(methods) || methods.length === 0) {
      throw new TypeError(`${option}.methods: expected a list of at least one method pattern`);
    }
    return {
      name,
      effect,
      matches: compileMethodPatterns(methods, `${option}.methods`),
      requires: requires === undefined ? undefined : compileRequires(requires, `${option}.requires`),
    };
  });
}

function compileRequires(requires: NonNullable<AuthzRule["requires"]>, option: string): MethodPolicy {
  const { roles = [], scopes = [], ...unknown } = Object(requires);
  const [extra] = Object.keys(unknown);
  if (extra !== undefined)
    throw new TypeError(`${option}: unknown member ${JSON.stringify(extra)}; known: roles, scopes`);
  for (const [member, names] of Object.entries({ roles, scopes })) {
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
      throw new TypeError(`${option}.${member}: expected a list of non-empty strings`);
    }
  }
  return { access: "requires", roles: [...roles], scopes: [...scopes] };
}
