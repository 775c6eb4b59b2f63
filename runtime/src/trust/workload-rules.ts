/** Returns true for an allowed workload. */
export type WorkloadMatcher = (workload: string) => boolean;

/** Visible ASCII without commas: transports join repeated headers by them. */
const name = /^[!-+\--~]+$/;

/** A SPIFFE ID of a workload: a trust domain and a path. */
const spiffeId = /^spiffe:\/\/[a-z0-9._-]+(?:\/[^/?#]+)+$/;

/** A prefix of a SPIFFE ID with its whole trust domain. */
const spiffePrefix = /^spiffe:\/\/[a-z0-9._-]+(?:\/[^/?#]+)*\/[^/?#]*$/;

/** A URI prefix with an incomplete host. */
const openAuthority = /^[a-z][a-z0-9+.-]*:(?:\/?|\/\/[^/]*)$/i;

/** Segments that are invalid in a SPIFFE ID. */
const dots = /\/\.\.?(?:\/|$)/;

/**
 * Compiles names of workloads into one matcher. A `*` at the end matches every continuation. It must follow the trust domain:
 * `spiffe://prod*` would match `spiffe://production.example`.
 *
 * @throws TypeError for a name that matches nothing, or workloads of every trust domain.
 */
export function compileWorkloadRules(allow: readonly string[]): WorkloadMatcher {
  if (!Array.isArray(allow) || allow.length === 0) {
    throw new TypeError("allow: expected a list of at least one workload");
  }
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const workload of allow) {
    const isPrefix = typeof workload === "string" && workload.endsWith("*");
    const text: unknown = isPrefix ? workload.slice(0, -1) : workload;
    if (typeof text !== "string" || !name.test(text) || text.includes("*")) {
      throw new TypeError(
        `allow: ${JSON.stringify(workload)} is not a workload; "*" may stand at the end of a name only`,
      );
    }
    if (!isPossible(text, isPrefix)) {
      throw new TypeError(
        `allow: ${JSON.stringify(workload)} matches nothing, or every trust domain: write "spiffe://example.org/ns/shop/sa/web" ` +
          'or "spiffe://example.org/ns/shop/*", with the trust domain in lower case',
      );
    }
    if (isPrefix) prefixes.push(text);
    else exact.add(text);
  }
  return (workload) =>
    name.test(workload) && (exact.has(workload) || prefixes.some((prefix) => workload.startsWith(prefix)));
}

/** Returns true for a name or prefix that matches workloads of exactly one trust domain. */
function isPossible(text: string, isPrefix: boolean): boolean {
  const isSpiffe = /^spiffe:/i.test(text);
  if (!isPrefix) return !isSpiffe || (spiffeId.test(text) && !dots.test(text));
  if ("spiffe://".startsWith(text) || openAuthority.test(text)) return false;
  return !isSpiffe || (spiffePrefix.test(text) && !dots.test(`${text}*`));
}
