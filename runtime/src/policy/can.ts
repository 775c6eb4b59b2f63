import { type Caller, decide } from "./decide.js";
import { checkTable } from "./read-tables.js";
import type { MethodOf, ServicePolicy } from "./service-policy.js";

/**
 * Returns true if a caller may call a method, by the decision of the server. For user interfaces: the server refuses hidden
 * actions too. `undefined` is an anonymous caller.
 *
 * Returns false for an `unspecified` or unknown method: the server's rules are not known here.
 *
 * @throws TypeError for anything but a generated table.
 *
 * @example
 * button.hidden = !can(OrderServicePolicy, "CancelOrder", { roles: ["support"] });
 */
export function can<T extends ServicePolicy>(
  policy: T,
  method: MethodOf<T>,
  caller: Partial<Caller> | undefined,
): boolean {
  checkTable(policy, "can");
  const row = Object.hasOwn(policy.methods, method) ? policy.methods[method] : undefined;
  // `allow` leaves the decision to authentication, which needs a credential.
  if (row === undefined || (row.access === "allow" && !caller)) return false;
  // A missing list is empty.
  return decide(row, caller as Caller | undefined).kind === "allow";
}
