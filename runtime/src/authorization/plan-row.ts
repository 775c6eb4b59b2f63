import type { DescMethod } from "@bufbuild/protobuf";
import { resourceOf } from "../policy/resource.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { createConditionCheck } from "./condition-check.js";
import { createIdentityCheck } from "./identity-check.js";
import { createPermissionCheck } from "./permission-check.js";
import type { Permissions } from "./permissions.js";
import type { Check, Conditional, PlannedVerdict } from "./verdict.js";

/** The parts of a row that its plan needs. */
export interface RowPlan extends Pick<PlannedVerdict, "early">, Pick<Conditional, "resourceOf"> {
  /** The row without the parts that checks decide. */
  readonly tested: MethodPolicy;
  readonly checks: readonly Check[];
}

/** Parts a row into the table's decision and the checks that need the request or a question. */
export function planRow(row: MethodPolicy, { methodKind }: DescMethod, permissions: Permissions): RowPlan {
  if (row.access === "public" || row.access === "deny") return { tested: row, checks: [] };
  const { resource, condition, credentials: _, ...rest } = row;
  const identityCheck = createIdentityCheck(row);
  const isStream = methodKind === "client_streaming" || methodKind === "bidi_streaming";
  const permissionCheck = createPermissionCheck(row, isStream, permissions);
  const hasResource = resource !== undefined;
  const conditionCheck = condition && createConditionCheck(condition, { isStream, hasResource }, permissions);
  const isEarly = condition?.readsPermissions !== true || (permissions.isStatic && !hasResource);
  return {
    tested: testedPart(rest, permissionCheck !== undefined),
    checks: [identityCheck, permissionCheck, conditionCheck].filter((check) => check !== undefined),
    early: isEarly ? condition : undefined,
    resourceOf: hasResource ? (message) => resourceOf(resource, message) : undefined,
  };
}

/** Returns a row without the requirements that checks decide. */
function testedPart(row: MethodPolicy, hasPermissionCheck: boolean): MethodPolicy {
  if (!("roles" in row)) return row;
  const { acr: _, maxAgeSeconds: __, ...rest } = row;
  return hasPermissionCheck ? { access: row.access, roles: row.roles, scopes: row.scopes } : rest;
}
