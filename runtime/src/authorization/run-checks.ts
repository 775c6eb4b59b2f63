import type { Check, Verdict } from "./verdict.js";

/**
 * Runs the checks in order and stops at the first that fails. Answers at once unless a check needs time.
 *
 * @returns the denial, or undefined if all checks pass. Never throws or rejects.
 */
export function runChecks(
  checks: readonly Check[],
  run: (check: Check) => unknown,
): Verdict | undefined | Promise<Verdict | undefined> {
  for (const [i, check] of checks.entries()) {
    let result: unknown;
    try {
      result = run(check);
    } catch (error) {
      return denialOf(check, undefined, error, true);
    }
    if (result === true) continue;
    // A promise of any library. Another object is a denial, a moment later.
    if (Object(result) === result) {
      return Promise.resolve(result).then(
        (value) => (value === true ? runChecks(checks.slice(i + 1), run) : denialOf(check, value, undefined, false)),
        (error) => denialOf(check, undefined, error, true),
      );
    }
    return denialOf(check, result, undefined, false);
  }
  return undefined;
}

function denialOf(check: Check, result: unknown, error: unknown, hasThrown: boolean): Verdict {
  const { decidedBy } = check;
  const failed = check.explain?.(result, hasThrown) ?? { reason: decidedBy as "authorize" | "check" };
  return { effect: "deny", decidedBy, error, ...failed };
}

/** Adds the resource to a denial, and the requirements of the row to a denial by the table. */
export function explainDenial(denial: Verdict, { policy }: Verdict, resource: string | undefined): Verdict {
  return { ...denial, resource, ...(denial.decidedBy === "table" && policy && { policy }) };
}
