import { type Caller, decide } from "./decide.js";
import { checkTable } from "./read-tables.js";
import type { MethodOf, ServicePolicy } from "./service-policy.js";

/**
 * Whether a caller may call a method, by the same table and the same decision
 * as on the server. Meant for user interfaces: what it hides, the server
 * refuses as well. `undefined` is a caller who has not signed in.
 *
 * False for methods that the table leaves `unspecified` or does not have: the
 * server's own rules are not known here.
 *
 * @throws TypeError for what is not a generated table.
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
  // `allow` leaves it to authentication, which lets nobody in without a credential.
  if (row === undefined || (row.access === "allow" && !caller)) return false;
  // A list that is not there holds nothing.
  return decide(row, caller as Caller | undefined).kind === "allow";
}
