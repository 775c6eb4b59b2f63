import { compileMethodPatterns } from "../method-pattern.js";
import type { PolicyIndex } from "../policy/policy-index.js";
import { warn } from "../warn.js";
import type { AuthzRule } from "./authz-rule.js";

/**
 * Warns of patterns that cannot decide anything: those that match no method of the tables, most likely
 * misspelled, and those for methods that the tables decide themselves. Unseen, a rule that denies would
 * be one that does nothing.
 */
export function warnOfIdlePatterns(rules: readonly AuthzRule[], services: PolicyIndex["services"]): void {
  const names = [...services.keys()];
  for (const { name, methods } of rules) {
    for (const pattern of methods) {
      const matches = compileMethodPatterns([pattern], name);
      const rowsOf = (service: string) =>
        Object.entries(services.get(service) ?? {}).filter(([method]) => matches(service, method));
      const [prefix = ""] = pattern.split(/[*/]/);
      const isOne = services.has(prefix);
      const candidates = isOne ? [prefix] : names.filter((service) => service.startsWith(prefix));
      if (!candidates.some((service) => rowsOf(service).length > 0)) {
        warn(`rule ${name}: "${pattern}" matches no method of the tables`);
      } else if (isOne && !rowsOf(prefix).some(([, { access }]) => access === "unspecified")) {
        warn(`rule ${name}: "${pattern}" is never asked: the tables decide there`);
      }
    }
  }
}
