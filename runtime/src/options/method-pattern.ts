import { list } from "./check.js";
import { checkValue } from "./read-options.js";

/** Whether a method is meant. */
export type MethodMatcher = (service: string, method: string) => boolean;

const grammar = /^(\*|(\w+\.)*(\w+|\*)\/(\w+\*?|\*))$/;

/**
 * Compiles method patterns into one matcher:
 *
 * - `*`: every method
 * - `pkg.v1.Service/GetOrder`: one method
 * - `pkg.v1.Service/Get*`: the service's methods that begin with `Get`
 * - `pkg.v1.Service/*`: every method of the service
 * - `pkg.v1.*` + `/*`: every method of every service whose full name begins with `pkg.v1.`
 *
 * @param option - name of the option that holds the patterns, for the error message.
 * @throws TypeError for a pattern that can match nothing.
 */
export function compileMethodPatterns(patterns: readonly string[], option: string): MethodMatcher {
  checkValue(option, patterns, list);
  const exact = new Set<string>();
  const globs: RegExp[] = [];
  for (const pattern of patterns) {
    if (typeof pattern !== "string" || !grammar.test(pattern)) {
      throw new TypeError(
        `${option}: ${JSON.stringify(pattern)} is not a method pattern: write "pkg.v1.Service/Get*", "pkg.v1.*/*" or "*"`,
      );
    }
    // Of a pattern's characters, only the dot and the asterisk mean something to a regular expression.
    if (pattern.includes("*")) globs.push(new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));
    else exact.add(pattern);
  }
  return (service, method) => {
    const path = `${service}/${method}`;
    return exact.has(path) || globs.some((glob) => glob.test(path));
  };
}
