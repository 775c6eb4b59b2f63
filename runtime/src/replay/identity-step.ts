import type { RecordedDecision } from "../authorization/startable-trial.js";
import { readsIdentity, refusalOfIdentity } from "../policy/identity.js";
import type { MethodPolicy } from "../policy/service-policy.js";
import { allow, deny, type Redecision, undecided } from "./redecision.js";

/** Decides by the kind of the credential, and by the way and the time of the authentication. Older records do not have them. */
export function decideIdentity(row: MethodPolicy | undefined, { record }: RecordedDecision): Redecision {
  if (row === undefined || !readsIdentity(row)) return allow;
  const { caller, time } = record;
  if (caller?.scheme === undefined || time === undefined) return undecided("credential");
  const { scheme, acr } = caller;
  const authTime = caller.authTime === undefined ? undefined : new Date(caller.authTime);
  const reason = refusalOfIdentity(row, { scheme, acr, authTime }, time);
  return reason === undefined ? allow : deny(reason);
}
