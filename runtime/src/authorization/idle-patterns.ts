import { parseMethodPattern } from "../method-pattern.js";
import type { PolicyIndex } from "../policy/policy-index.js";

/**
 * Warns of patterns that cannot decide anything: those that match no method of the tables, most likely
 * misspelled, and those for methods that the tables decide themselves. Unseen, a rule that denies would
 * be one that does nothing.
 */
export function warnOfIdlePatterns(patterns: readonly string[], option: string, { services }: PolicyIndex): void {
  for (const pattern of patterns) {
    const { service, matchesService, matchesMethod } = parseMethodPattern(pattern, option);
    const candidates = service === undefined ? services.keys() : [service];
    let matched = false;
    let open = service === undefined;
    for (const candidate of candidates) {
      if (matched && open) break;
      if (!matchesService(candidate)) continue;
      for (const [method, { access }] of Object.entries(services.get(candidate) ?? {})) {
        if (!matchesMethod(method)) continue;
        matched = true;
        open ||= access === "unspecified";
      }
    }
    if (!matched) console.warn(`@connectum/auth: ${option}: "${pattern}" matches no method of the given policies`);
    else if (!open) console.warn(`@connectum/auth: ${option}: "${pattern}" is never asked: the tables decide there`);
  }
}
