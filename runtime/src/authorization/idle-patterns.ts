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
      const [service = ""] = pattern.split("/");
      const many = service.endsWith("*");
      const candidates = many ? names.filter((name) => name.startsWith(service.slice(0, -1))) : [service];
      if (!candidates.some((candidate) => rowsOf(candidate).length > 0)) {
        warn(`rule ${name}: "${pattern}" matches no method of the given policies`);
      } else if (!many && !rowsOf(service).some(([, { access }]) => access === "unspecified")) {
        warn(`rule ${name}: "${pattern}" is never asked: the tables decide there`);
      }
    }
  }
}
