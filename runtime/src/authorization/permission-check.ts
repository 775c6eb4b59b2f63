import type { AuthContext } from "../context/auth-context.js";
import { holdsPermissions } from "../policy/decide.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { AuthzRequest } from "./authz-request.js";
import { guardMessages } from "./guard-messages.js";
import type { Permissions } from "./permissions.js";
import type { Check, FailedCheck } from "./verdict.js";

/**
 * Returns the check of a row's resource and permissions. Returns undefined if the table's decision says it all: no resource,
 * and no permission that is asked for at run time.
 */
export function createPermissionCheck(
  row: MethodPolicy,
  isStream: boolean,
  { find, isStatic }: Permissions,
): Check | undefined {
  if (row.access === "public" || row.access === "deny") return undefined;
  const requirements = "roles" in row && (row.permissions ?? row.anyPermissions) !== undefined ? row : undefined;
  const hasResource = row.resource !== undefined;
  if (!hasResource && (isStatic || requirements === undefined)) return undefined;

  function check(context: AuthContext, resource: string | undefined): unknown {
    if (hasResource && resource === undefined) return missingResource;
    if (requirements === undefined) return true;
    const judge = (held: ReadonlySet<string>) => holdsPermissions(requirements, held) || missingPermission;
    const held = find(context, resource);
    return held instanceof Promise ? held.then(judge) : judge(held);
  }

  const onRequest = (context: AuthContext, request: AuthzRequest) => check(context, request.resource);
  return {
    decidedBy: "table",
    explain: (result, hasThrown) => (hasThrown ? { reason: "unavailable" } : (result as FailedCheck)),
    ...(hasResource ? {} : { runEarly: (context: AuthContext) => check(context, undefined) }),
    // The resources of a client's stream come with its messages, which are checked one by one.
    ...(requirements && !isStatic && !(hasResource && isStream) && { mayChange: true }),
    // The messages of a stream come later.
    run: (context, request) => (hasResource && isStream ? true : onRequest(context, request)),
    ...(hasResource &&
      isStream && {
        runOnMessage: (context: AuthContext, _: unknown, request: AuthzRequest) => onRequest(context, request),
        guard: guardMessages,
      }),
  };
}

const missingResource: FailedCheck = { reason: "missing-resource" };
const missingPermission: FailedCheck = { reason: "missing-permission" };
