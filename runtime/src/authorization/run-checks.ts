import type { Check, Verdict } from "./verdict.js";

/**
 * Runs the checks in order and stops at the first that fails.
 *
 * @returns the denial, or undefined if all checks pass. Never rejects.
 */
export async function runChecks(
  checks: readonly Check[],
  run: (check: Check) => unknown,
): Promise<Verdict | undefined> {
  for (const check of checks) {
    const { decidedBy } = check;
    let [result, error, hasThrown]: [unknown, unknown, boolean] = [undefined, undefined, false];
    try {
      result = await run(check);
      if (result === true) continue;
    } catch (thrown) {
      [error, hasThrown] = [thrown, true];
    }
    const failed = check.explain?.(result, hasThrown) ?? { reason: decidedBy as "authorize" | "check" };
    return { effect: "deny", decidedBy, error, ...failed };
  }
  return undefined;
}

/** Adds the resource to a denial, and the requirements of the row to a denial by the table. */
export function explainDenial(denial: Verdict, { policy }: Verdict, resource: string | undefined): Verdict {
  return { ...denial, resource, ...(denial.decidedBy === "table" && policy && { policy }) };
}
