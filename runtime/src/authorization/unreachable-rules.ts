import type { DescService } from "@bufbuild/protobuf";
import { compileMethodPatterns } from "../options/method-pattern.js";
import { nearest } from "../options/nearest.js";
import { warn } from "../platform/warn.js";
import type { PolicyIndex } from "../policy/policy-index.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { AuthzRule, CompiledRule } from "./authz-rule.js";
import { anybody } from "./verdict.js";

/**
 * Warns of patterns that never decide: they match no method of the tables, or only methods that the tables decide. Without
 * the warning, a misspelled rule that denies would have no effect.
 */
export function warnOfUnreachablePatterns(rules: readonly AuthzRule[], services: PolicyIndex["services"]): void {
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
      // A pattern for many services may be meant for services without a table.
      else if (services.has(prefix) && !finds(({ access }) => access === "unspecified"))
        warn(`rule ${name}: "${pattern}" is unreachable: the tables decide`);
    }
  }
}

/**
 * Warns of patterns behind one that decides for every caller: a rule without `requires`, or `skipMethods`.
 *
 * @param compiled - the rules, compiled; `skipped` are those of `skipMethods`.
 */
export function warnOfShadowedPatterns(
  rules: readonly AuthzRule[],
  compiled: readonly CompiledRule[],
  skipped: readonly CompiledRule[],
): void {
  for (const [i, { name, methods }] of rules.entries()) {
    for (const pattern of methods) {
      // An asterisk ends a name: a pattern covers another if it matches its text.
      const [service = "*", method = "*"] = pattern.split("/");
      const first = [...skipped, ...compiled.slice(0, i)].find(
        ({ matches, verdict }) => verdict.policy === anybody && matches(service, method),
      );
      if (first === undefined) continue;
      const { rule } = first.verdict;
      warn(
        `rule ${name}: "${pattern}" is unreachable: ${rule === undefined ? "skipMethods" : `rule ${rule}`} decides first`,
      );
    }
  }
}

/** Warns of patterns for a service without a table that match none of its methods. Runs at its first call. */
export function warnOfUnknownMethods(rules: readonly AuthzRule[], { typeName, methods, file }: DescService): void {
  const others = new Set(file.services.map((service) => service.typeName));
  for (const rule of rules) {
    for (const pattern of rule.methods) {
      const [service = ""] = pattern.split("/");
      const matches = compileMethodPatterns([pattern], rule.name);
      if (service === typeName) {
        if (methods.some(({ name }) => matches(typeName, name))) continue;
        warn(`rule ${rule.name}: "${pattern}" matches no method of ${typeName}`);
      } else if (!others.has(service) && !service.includes("*") && nearest(service, [typeName]) !== undefined) {
        warn(`rule ${rule.name}: "${pattern}": is ${typeName} meant?`);
      }
    }
  }
}
