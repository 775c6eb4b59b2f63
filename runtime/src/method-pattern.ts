/** Whether a method is meant. */
export type MethodMatcher = (service: string, method: string) => boolean;

const grammar = /^(?:\*|(?<service>\*|[\w.]+(?:\.\*)?)\/(?<method>\*|\w+\*?))$/;

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
  if (!Array.isArray(patterns)) throw new TypeError(`${option}: expected a list of method patterns`);
  const exact = new Set<string>();
  const globs: MethodMatcher[] = [];
  for (const pattern of patterns) {
    const parts = typeof pattern === "string" ? grammar.exec(pattern)?.groups : undefined;
    if (parts === undefined) {
      throw new TypeError(`${option}: ${JSON.stringify(pattern)} is not a method pattern${hint(pattern)}`);
    }
    const { service = "*", method = "*" } = parts;
    if (!service.includes("*") && !method.includes("*")) exact.add(pattern);
    else {
      const matchesService = glob(service);
      const matchesMethod = glob(method);
      globs.push((s, m) => matchesService(s) && matchesMethod(m));
    }
  }
  return (service, method) => exact.has(`${service}/${method}`) || globs.some((matches) => matches(service, method));
}

function glob(pattern: string): (name: string) => boolean {
  if (!pattern.endsWith("*")) return (name) => name === pattern;
  const prefix = pattern.slice(0, -1);
  return (name) => name.startsWith(prefix);
}

function hint(pattern: unknown): string {
  if (typeof pattern !== "string") return `; got ${typeof pattern}`;
  if (pattern.startsWith("/")) return `; write ${JSON.stringify(pattern.slice(1))}, without the leading slash`;
  if (!pattern.includes("/")) return '; write "pkg.v1.Service/Method", "pkg.v1.Service/*", "pkg.v1.*/*" or "*"';
  return '; "*" may stand only at the end of the service or of the method';
}
