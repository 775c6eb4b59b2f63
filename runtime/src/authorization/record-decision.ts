import type { AuthContext } from "../context/auth-context.js";
import { schemeOf } from "../context/identity-scheme.js";
import { isInternal } from "../context/internal-identity.js";
import { wallTime } from "../platform/clock.js";
import type { CredentialPolicy, RequestPolicy } from "../policy/service-policy.js";
import type { DecisionRecord, RecordedCaller } from "./decision-record.js";
import type { Evaluator } from "./evaluator.js";

/** The permissions that a row may require. */
type Requirements = Pick<DecisionRecord, "permissions" | "anyPermissions">;

/** Records a decided call. */
export function recordDecision(
  { lookup, known }: Pick<Evaluator, "lookup" | "known">,
  [service, method]: readonly [service: string, method: string],
  context: AuthContext | undefined,
  resource: string | undefined,
): DecisionRecord {
  const row = lookup(service, method);
  const { permissions, anyPermissions } = (row ?? {}) as Requirements;
  const { condition, resource: bound, credentials } = (row ?? {}) as RequestPolicy & CredentialPolicy;
  return {
    access: row?.access,
    time: wallTime(),
    credentials,
    permissions,
    anyPermissions,
    condition: condition?.cel,
    resourcePath: bound?.path,
    caller: context && recordCaller(context, known(context, resource)),
  };
}

function recordCaller(context: AuthContext, held: ReadonlySet<string> | undefined): RecordedCaller {
  const { roles, scopes, permissions, acr, authTime } = context;
  return {
    roles: [...roles],
    scopes: [...scopes],
    permissions: [...permissions],
    held: held && [...held],
    internal: isInternal(context),
    scheme: schemeOf(context) ?? "",
    acr,
    authTime: authTime?.getTime(),
  };
}
