import { admits } from "../policy/condition.js";
import { conditionCaller } from "../policy/condition-caller.js";
import { type Caller, decide } from "../policy/decide.js";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { MethodPolicy, RequestPolicy, ServicePolicy } from "../policy/service-policy.js";

/** A caller of a policy test. `undefined` or null is an anonymous caller. */
export type TestCaller = Partial<Caller> | undefined | null;

/**
 * Returns the callers of every method: a plain object for a snapshot, with one line for each method. A change of a policy is
 * one line of the diff.
 *
 * A caller of a method with a condition is followed by the condition, since the request decides: `staff if request.branch == …`.
 * For a method with a resource, `permissionsOn` of the caller names the resources.
 *
 * @param callers - by name.
 * @throws TypeError for anything but generated tables.
 *
 * @example
 * test("who may call what", () => {
 *   expect(accessMatrix(policies, { anonymous: null, support: { roles: ["support"] } })).toMatchSnapshot();
 * });
 * // { "shop.v1.OrderService/CancelOrder": "support", "shop.v1.OrderService/ListProducts": "anonymous, support" }
 */
export function accessMatrix(
  policies: Iterable<ServicePolicy>,
  callers: { readonly [name: string]: TestCaller },
): { [method: string]: string } {
  const matrix: [method: string, callers: string][] = [];
  for (const [service, methods] of createPolicyIndex(policies).services) {
    for (const [method, row] of Object.entries(methods)) {
      const names = Object.entries(callers).flatMap(([name, caller]) => {
        const access = accessOf(row, caller);
        return access === undefined ? [] : [access === "" ? name : `${name} ${access}`];
      });
      const code = row.access === "unspecified" ? "(the server's code decides)" : "nobody";
      matrix.push([`${service}/${method}`, names.join(", ") || code]);
    }
  }
  // Not an assignment: a method may be called `__proto__`.
  return Object.fromEntries(matrix.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Returns the restriction under which a caller may call a method: "" for none. Returns undefined if it may not. */
export function accessOf(row: MethodPolicy, caller: TestCaller): string | undefined {
  const known = caller ?? undefined;
  if (row.access === "allow" && known === undefined) return undefined;
  const { condition, resource }: RequestPolicy = row.access === "public" || row.access === "deny" ? {} : row;
  const needsPermissions = "roles" in row && (row.permissions ?? row.anyPermissions) !== undefined;
  // Without permissions, any resource will do.
  const named = needsPermissions ? Object.keys(known?.permissionsOn ?? {}) : ["any"];
  const resources = resource === undefined ? [undefined] : named;
  const allowed = resources.filter((one) => {
    if (decide(row, known as Caller | undefined, undefined, one, Date.now()).kind !== "allow") return false;
    return (
      condition === undefined || (known !== undefined && admits(condition, conditionCaller(known, one), Date.now()))
    );
  });
  if (allowed.length === 0) return undefined;
  const on = resource === undefined || !needsPermissions ? [] : [`on ${allowed.join(" and ")}`];
  return [...on, ...(condition === undefined ? [] : [`if ${condition.cel}`])].join(" ");
}
