import { admits, holds } from "./condition.js";
import { conditionCaller } from "./condition-caller.js";
import { type Caller, decide } from "./decide.js";
import { checkTable } from "./read-tables.js";
import { resourceOf } from "./resource.js";
import type { MethodOf, RequestOf, ServicePolicy } from "./service-policy.js";

/** The request, needed if the row reads it. */
type RequestArgument<Row> = unknown extends RequestOf<Row> ? [request?: unknown] : [request: RequestOf<Row>];

/**
 * Returns true if a caller may call a method, by the decision of the server. For user interfaces: the server refuses hidden
 * actions too. `undefined` is an anonymous caller.
 *
 * Returns false for an `unspecified` or unknown method: the server's rules are not known here. A method whose condition or
 * resource reads the request needs the request. In a generic function, `can<ServicePolicy>(…)` takes any table and method.
 *
 * @throws TypeError for anything but a generated table.
 *
 * @example
 * button.hidden = !can(OrderServicePolicy, "CancelOrder", { roles: ["support"] });
 */
export function can<T extends ServicePolicy, M extends MethodOf<T> = MethodOf<T>>(
  policy: T,
  method: M,
  caller: Partial<Caller> | undefined,
  ...[request]: RequestArgument<T["methods"][M]>
): boolean {
  checkTable(policy, "can");
  const row = Object.hasOwn(policy.methods, method) ? policy.methods[method] : undefined;
  // `allow` leaves the decision to authentication, which needs a credential.
  if (row === undefined || (row.access === "allow" && !caller)) return false;
  const condition = "condition" in row ? row.condition : undefined;
  const resource = "resource" in row && row.resource !== undefined ? resourceOf(row.resource, request) : undefined;
  if ("resource" in row && row.resource !== undefined && resource === undefined) return false;
  const now = Date.now();
  // A missing list is empty.
  if (decide(row, caller as Caller | undefined, undefined, resource, now).kind !== "allow") return false;
  if (condition === undefined) return true;
  if (!caller) return false;
  const reader = conditionCaller(caller, resource);
  return admits(condition, reader, now) && holds(condition, reader, request, now);
}
