import type { RecordedDecision } from "../authorization/startable-trial.js";
import { holdsPermissions } from "../policy/decide.js";
import type { MethodPolicy, RequestPolicy } from "../policy/service-policy.js";
import type { CallFacts } from "./call-facts.js";
import { allow, deny, type Redecision, undecided } from "./redecision.js";

interface PermissionDecision {
  readonly decision: Redecision;
  /** All permissions that count. Undefined if they are not known. */
  readonly held: ReadonlySet<string> | undefined;
}

/** Decides by the resource and the permissions of a row. */
export async function decidePermissions(
  row: MethodPolicy | undefined,
  past: RecordedDecision,
  facts: CallFacts,
): Promise<PermissionDecision> {
  const { resource: bound, condition } = (row ?? {}) as RequestPolicy;
  const required = row && "roles" in row && (row.permissions ?? row.anyPermissions) ? row : undefined;
  const isPast = hasPassed(past) && isSame(row, past);
  const resource = bound && facts.resource(bound);
  if (resource === "") return { decision: deny("missing-resource"), held: undefined };
  if (bound !== undefined && resource === undefined) {
    return { decision: isPast ? allow : undecided("resource"), held: undefined };
  }
  if (required === undefined && condition?.readsPermissions !== true) return { decision: allow, held: undefined };
  const { names, isComplete } = await facts.permissions({ ...(bound && { resource: bound }) }, resource);
  const held = isComplete ? names : undefined;
  if (required === undefined || holdsPermissions(required, names)) return { decision: allow, held };
  if (isComplete) return { decision: deny("missing-permission"), held };
  if (isPast) return { decision: allow, held };
  const wasRefused = past.decidedBy === "table" && isSame(row, past);
  const isKnown = wasRefused && (past.reason === "missing-permission" || past.reason === "unavailable");
  return { decision: isKnown ? deny(past.reason ?? "missing-permission") : undecided("permissions"), held };
}

/** Returns true if the permissions of a call were found sufficient. */
function hasPassed({ effect, decidedBy, resource }: RecordedDecision): boolean {
  if (effect === "allow" || decidedBy === "authorize" || decidedBy === "check") return true;
  // Without the message, a condition may have refused before the permissions were known.
  return decidedBy === "condition" && resource !== undefined;
}

/** Returns true if a row needs the permissions that were needed then, on the same resource. */
function isSame(row: MethodPolicy | undefined, { record }: RecordedDecision): boolean {
  const { permissions = [], anyPermissions = [] } = row && "roles" in row ? row : {};
  const { resource } = (row ?? {}) as RequestPolicy;
  const { permissions: all = [], anyPermissions: any = [] } = record;
  const text = (names: readonly string[]) => JSON.stringify([...names].sort());
  return (
    resource?.path === record.resourcePath && text(permissions) === text(all) && text(anyPermissions) === text(any)
  );
}
