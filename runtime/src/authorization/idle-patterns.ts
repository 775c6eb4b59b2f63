import { compileMethodPatterns } from "../method-pattern.js";
import type { PolicyIndex } from "../policy/policy-index.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { warn } from "../warn.js";
import type { AuthzRule } from "./authz-rule.js";

/**
 * Warns of patterns that cannot decide anything: those that match no method of the tables, most likely
 * misspelled, and those for methods that the tables decide themselves. Unseen, a rule that denies would
 * be one that does nothing.
 */
export function warnOfIdlePatterns(rules: readonly AuthzRule[], services: PolicyIndex["services"]): void {
  const tables = [...services];
  for (const { name, methods } of rules) {
    for (const pattern of methods) {
      const matches = compileMethodPatterns([pattern], name);
      const [prefix = ""] = pattern.split(/[*/]/);
      const finds = (isWanted: (row: MethodPolicy) => boolean) =>
        tables.some(
          ([service, rows]) =>
            service.startsWith(prefix) &&
            Object.entries(rows).some(([method, row]) => matches(service, method) && isWanted(row)),
        );
      if (!finds(() => true)) warn(`rule ${name}: "${pattern}" matches no method of the tables`);
      // A pattern for many services is also for those that have no table.
      else if (services.has(prefix) && !finds(({ access }) => access === "unspecified"))
        warn(`rule ${name}: "${pattern}" is never asked: the tables decide`);
    }
  }
}
