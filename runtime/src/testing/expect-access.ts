import { createPolicyIndex } from "../policy/policy-index.js";
import type { MethodPathOf, ServicePolicy } from "../policy/service-policy.js";
import { accessOf, type TestCaller } from "./access-matrix.js";

/**
 * Checks that a caller may call exactly these methods. A method with a condition counts as callable if some request lets the
 * caller through.
 *
 * @param methods - the methods, as `pkg.v1.Service/Method`.
 * @throws Error naming the methods that are too much, missing, unknown, or left to the server's code.
 * @throws TypeError for anything but generated tables.
 *
 * @example
 * test("support staff", () => {
 *   expectAccess(policies, { roles: ["support"] }, ["shop.v1.OrderService/GetOrder", "shop.v1.OrderService/CancelOrder"]);
 * });
 */
export function expectAccess<T extends ServicePolicy>(
  policies: Iterable<T>,
  caller: TestCaller,
  methods: readonly MethodPathOf<T>[],
): void {
  const expected = new Set<string>(methods);
  const problems: { [title: string]: string[] } = {};
  const report = (title: string, method: string) => {
    problems[title] = [...(problems[title] ?? []), method];
  };
  for (const [service, rows] of createPolicyIndex(policies).services) {
    for (const [name, row] of Object.entries(rows)) {
      const method = `${service}/${name}`;
      const isExpected = expected.delete(method);
      const isAllowed = accessOf(row, caller) !== undefined;
      if (row.access === "unspecified") report("left to the server's code, which this test does not know", method);
      else if (isAllowed && !isExpected) report("may be called, but is not in the list", method);
      else if (!isAllowed && isExpected) report("is in the list, but may not be called", method);
    }
  }
  for (const method of expected) report("is in the list, but in no table", method);
  const lines = Object.entries(problems).map(([title, list]) => `${title}:\n  ${list.join("\n  ")}`);
  if (lines.length > 0) throw new Error(`access is not as expected\n${lines.join("\n")}`);
}
