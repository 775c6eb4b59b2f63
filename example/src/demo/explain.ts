import type { DescMethod } from "@bufbuild/protobuf";
import type { AuthzRule, ServicePolicy } from "@connectum/auth";
import type { MethodPolicy } from "@connectum/auth/policy";
import { decide } from "@connectum/auth/policy";
import { grants, internalAudience, policies, rules } from "../access.js";
import { describeRow } from "../describe-row.js";
import type { Caller } from "./callers.js";

/** Explains the outcome of a call in words: the row of the table, and what the caller lacks. */
export function explain(method: DescMethod, caller: Caller): string {
  const row = rowOf(method);
  const says = describeRow(row);
  if (row.access === "public") return says;
  if (caller.token === undefined) return `${says}; no token`;
  if (caller.flaw !== undefined) return caller.flaw;
  if (row.access === "internal" && !caller.internal) return `${says}; this is a person's token`;
  if (row.access !== "internal" && caller.internal) return `the token is for ${internalAudience}, not for people`;
  if (row.access === "unspecified") return `${says}; ${describeRule(ruleFor(method, caller))}`;
  const permissions = caller.roles.flatMap((role) => grants[role] ?? []);
  const decision = decide(row, { ...caller, permissions });
  if (decision.kind !== "denied") return says;
  switch (decision.reason) {
    case "missing-role":
      return `${says}; ${caller.subject} is ${caller.roles.join(" and ") || "without a role"}`;
    case "missing-scope":
      return `${says}; the token has ${caller.scopes.join(" and ") || "no scope"}`;
    case "missing-permission":
      return `${says}; ${caller.subject} has ${permissions.join(" and ") || "no permission"}`;
    default:
      return says;
  }
}

function rowOf(method: DescMethod): MethodPolicy {
  const table: ServicePolicy | undefined = policies.find(({ typeName }) => typeName === method.parent.typeName);
  const row = table?.methods[method.name];
  if (row === undefined) throw new Error(`${method.parent.typeName}/${method.name} is in no table`);
  return row;
}

function ruleFor(method: DescMethod, caller: Caller): AuthzRule | undefined {
  const { typeName } = method.parent;
  return rules.find(({ methods, requires: { roles = [], scopes = [] } = {} }) => {
    const isMatch = methods.includes(`${typeName}/*`) || methods.includes(`${typeName}/${method.name}`);
    return isMatch && decide({ access: "requires", roles, scopes }, caller).kind === "allow";
  });
}

function describeRule(rule: AuthzRule | undefined): string {
  return rule === undefined ? "none is for this caller, and the default denies" : `"${rule.name}" ${rule.effect}s it`;
}
