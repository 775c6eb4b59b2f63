import type { AuthContext } from "../context/auth-context.js";
import { schemeOf } from "../context/identity-scheme.js";
import { wallTime } from "../platform/clock.js";
import { readsIdentity, refusalOfIdentity } from "../policy/identity.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import type { Check, FailedCheck } from "./verdict.js";

/**
 * Returns the check of a row's kinds of credential, and of the way and the time of the authentication. Undefined for a row
 * without them. It runs in the gate and again right before the handler: time passes between.
 */
export function createIdentityCheck(row: MethodPolicy): Check | undefined {
  if (!readsIdentity(row)) return undefined;
  function check(context: AuthContext): unknown {
    const { type, acr, authTime } = context;
    // The type is a word of the identity itself. Only the name of the scheme counts.
    const scheme = schemeOf(context) ?? "";
    const reason = refusalOfIdentity(row, { scheme, type, acr, authTime }, wallTime());
    return reason === undefined || ({ reason } satisfies FailedCheck);
  }
  return {
    decidedBy: "table",
    explain: (result, hasThrown) => (hasThrown ? { reason: "error" } : (result as FailedCheck)),
    runEarly: check,
    run: check,
  };
}
