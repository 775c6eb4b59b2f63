/** Whether a method is meant. */
export type MethodMatcher = (service: string, method: string) => boolean;

/** A method pattern, in its two parts. */
export interface MethodPattern {
  /** The service that is meant where it is one. */
  readonly service: string | undefined;
  readonly matchesService: (service: string) => boolean;
  readonly matchesMethod: (method: string) => boolean;
}

const grammar = /^(?:\*|(?<service>(?:\w+\.)*(?:\w+|\*))\/(?<method>\*|\w+\*?))$/;

/**
 * Reads a method pattern:
 *
 * - `*`: every method
 * - `pkg.v1.Service/GetOrder`: one method
 * - `pkg.v1.Service/Get*`: the service's methods that begin with `Get`
 * - `pkg.v1.Service/*`: every method of the service
 * - `pkg.v1.*` + `/*`: every method of every service whose full name begins with `pkg.v1.`
 *
 * @param option - name of the option that holds the pattern, for the error message.
 * @throws TypeError for a pattern that can match nothing.
 */
export function parseMethodPattern(pattern: string, option: string): MethodPattern {
  const parts = typeof pattern === "string" ? grammar.exec(pattern)?.groups : undefined;
  if (parts === undefined) {
    throw new TypeError(
      `${option}: ${JSON.stringify(pattern)} is not a method pattern: write "pkg.v1.Service/Method", "pkg.v1.Service/Get*", "pkg.v1.*/*" or "*"`,
    );
  }
  const { service = "*", method = "*" } = parts;
  return {
    service: service.endsWith("*") ? undefined : service,
    matchesService: matcherOf(service),
    matchesMethod: matcherOf(method),
  };
}

/**
 * Compiles method patterns into one matcher.
 *
 * @throws TypeError for a pattern that can match nothing.
 */
export function compileMethodPatterns(patterns: readonly string[], option: string): MethodMatcher {
  if (!Array.isArray(patterns)) throw new TypeError(`${option}: expected a list of method patterns`);
  const exact = new Set<string>();
  const globs: MethodPattern[] = [];
  for (const pattern of patterns) {
    const parsed = parseMethodPattern(pattern, option);
    if (pattern.includes("*")) globs.push(parsed);
    else exact.add(pattern);
  }
  return (service, method) =>
    exact.has(`${service}/${method}`) ||
    globs.some(({ matchesService, matchesMethod }) => matchesService(service) && matchesMethod(method));
}

function matcherOf(pattern: string): (name: string) => boolean {
  if (!pattern.endsWith("*")) return (name) => name === pattern;
  const prefix = pattern.slice(0, -1);
  return (name) => name.startsWith(prefix);
}
