import { readMethodChecks } from "../authorization/authorize-methods.js";
import { decideBy } from "../authorization/decide-by.js";
import type { RecordedDecision } from "../authorization/startable-trial.js";
import { compileMethodPatterns } from "../options/method-pattern.js";
import type { MatchScope } from "../policy/decide.js";
import { createPolicyIndex, missingRow } from "../policy/policy-index.js";
import type { CredentialPolicy, MethodPolicy, RequestPolicy, ServicePolicy } from "../policy/service-policy.js";
import type { CallFacts } from "./call-facts.js";
import { createCodeStep } from "./code-step.js";
import { decideIdentity } from "./identity-step.js";
import { decidePermissions } from "./permission-step.js";
import { allow, deny, firstOf, type Redecision, undecided } from "./redecision.js";
import type { ServerCode } from "./server-code.js";

/** Decides a call again. */
export type Redecide = (past: RecordedDecision, facts: CallFacts) => Promise<Redecision>;

/**
 * Returns a function that decides calls by other tables than those that decided them.
 *
 * A credential that was refused stays refused, and code that ran for a call answers as it did then. A call is denied if a part
 * denies it for certain, and undecided if a part is not known.
 *
 * @throws TypeError for malformed tables and options.
 */
export function createRedecide(policies: Iterable<ServicePolicy>, code: ServerCode): Redecide {
  const { lookup } = createPolicyIndex(policies);
  const { checks, matchScope, optionalMethods = [] } = code;
  const decideCode = createCodeStep(code);
  const isOptional = compileMethodPatterns(optionalMethods, "optionalMethods");
  const methodChecks = readMethodChecks(checks, (service, method) => lookup(service, method)?.access === "public");

  const isChecked = ({ service, method, decidedBy }: RecordedDecision) =>
    decidedBy === "check" || methodChecks.some((one) => one.service === service && one.checks.has(method));

  function decideChecks(past: RecordedDecision): Redecision {
    if (past.effect === "allow") return allow;
    if (past.decidedBy === "check") return deny("check");
    return isChecked(past) ? undecided("code") : allow;
  }

  return async (past, facts) => {
    const { caller } = facts;
    const row = lookup(past.service, past.method);
    const settled = decideAccess(row, past, isOptional(past.service, past.method));
    if (settled) return settled;
    const { condition, resource } = (row ?? {}) as RequestPolicy;
    const byTable = row ? decideTable(row, facts, matchScope) : allow;
    if (!caller) {
      const needsCaller =
        credentialsOf(row) !== undefined || condition !== undefined || resource !== undefined || isChecked(past);
      return firstOf([byTable, needsCaller ? deny("unauthenticated") : allow, decideCode(row, past, caller)]);
    }
    const { decision: byPermissions, held } = await decidePermissions(row, past, facts);
    const holds =
      condition === undefined ||
      (facts.condition(condition, held) ?? heldBefore({ condition, ...(resource && { resource }) }, held, past));
    const byCondition = holds === undefined ? undecided("condition") : holds ? allow : deny("condition");
    return firstOf([
      byTable,
      decideIdentity(row, past),
      byPermissions,
      byCondition,
      decideCode(row, past, caller),
      decideChecks(past),
    ]);
  };
}

/**
 * Decides a method that no caller or every caller may call, and a call whose credential was refused or not read.
 *
 * @param isOptional - whether the method reads a credential even if it is public.
 */
function decideAccess(
  row: MethodPolicy | undefined,
  { record, decidedBy }: RecordedDecision,
  isOptional: boolean,
): Redecision | undefined {
  if (row?.access === "deny") return deny(row === missingRow ? "missing-row" : "deny");
  const isRefused = decidedBy === "authentication";
  const readsCredential = isOptional || (isRefused && record.access === "public");
  const needed = schemesOf(row?.access, readsCredential);
  if (needed === "none") return allow;
  const { caller, access } = record;
  const read = caller ? (caller.internal ? "services" : "users") : schemesOf(access, readsCredential);
  if (needed !== read) return undecided("credential");
  // With other kinds of credential, another scheme may find one.
  if (caller === undefined && !isSameList(credentialsOf(row), record.credentials)) return undecided("credential");
  if (isRefused) return deny("unauthenticated");
  return row?.access === "public" ? allow : undefined;
}

function credentialsOf(row: MethodPolicy | undefined): readonly string[] | undefined {
  return (row as CredentialPolicy | undefined)?.credentials;
}

function isSameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return JSON.stringify(a && [...a].sort()) === JSON.stringify(b && [...b].sort());
}

/** The schemes that read the credential of a call. */
function schemesOf(access: MethodPolicy["access"] | undefined, isOptional: boolean): "services" | "users" | "none" {
  if (access === "public") return isOptional ? "users" : "none";
  return access === "internal" ? "services" : "users";
}

/** Decides by the roles and scopes of a row. */
function decideTable(row: MethodPolicy, { caller }: CallFacts, matchScope: MatchScope | undefined): Redecision {
  if (row.access === "unspecified") return allow;
  const policy = "roles" in row ? { access: row.access, roles: row.roles, scopes: row.scopes } : { access: row.access };
  const verdict = decideBy([{ effect: "allow", decidedBy: "table", policy }], caller, matchScope);
  return verdict.effect === "deny" ? deny(verdict.reason ?? "deny") : allow;
}

/** The result of the same condition then. Undefined if it was not evaluated, or read other permissions. */
function heldBefore(
  { condition, resource }: RequestPolicy,
  held: ReadonlySet<string> | undefined,
  { record, effect, decidedBy }: RecordedDecision,
): boolean | undefined {
  if (condition?.cel !== record.condition) return undefined;
  if (condition?.readsPermissions && (resource?.path !== record.resourcePath || !isRecorded(held, record))) {
    return undefined;
  }
  if (effect === "deny" && decidedBy === "condition") return false;
  return effect === "allow" || decidedBy === "authorize" || decidedBy === "check" ? true : undefined;
}

/** Returns true if these permissions counted then, or are not known. */
function isRecorded(held: ReadonlySet<string> | undefined, { caller }: RecordedDecision["record"]): boolean {
  const then = caller?.held;
  if (held === undefined || then === undefined) return held === then;
  return held.size === then.length && then.every((name) => held.has(name));
}
