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
    let error: unknown;
    try {
      if ((await run(check)) === true) continue;
    } catch (thrown) {
      error = thrown;
    }
    return { effect: "deny", decidedBy, reason: decidedBy, error };
  }
  return undefined;
}
