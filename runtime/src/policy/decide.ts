import type { MethodPolicy } from "./service-policy.js";

/** The caller of a decision. An `AuthContext` is one. */
export interface Caller {
  readonly roles: readonly string[] | ReadonlySet<string>;
  readonly scopes: readonly string[] | ReadonlySet<string>;
  /** True for a caller that the server's internal schemes authenticated. By default, false. */
  readonly internal?: boolean;
}

/** The reason of a denial. For the server's log, never for the client. */
export type DenialReason = "deny" | "unspecified" | "not-internal" | "missing-role" | "missing-scope";

/** The decision about a call, with the reason of a denial. */
export type Decision =
  | { readonly kind: "allow" }
  /** The method needs an identity, and the caller has none. */
  | { readonly kind: "unauthenticated" }
  | { readonly kind: "denied"; readonly reason: DenialReason };

/** Returns true if a granted scope covers a required one. */
export type MatchScope = (required: string, granted: string) => boolean;

const allow: Decision = { kind: "allow" };
const denied = (reason: DenialReason): Decision => ({ kind: "denied", reason });

/**
 * Decides by one row of a table. Pure, and throws only errors of `matchScope`. Denies an `unspecified` or unknown row.
 *
 * @param caller - the authenticated caller, or undefined.
 * @param matchScope - by default, scopes must be equal.
 *
 * @example
 * const index = createPolicyIndex([OrderServicePolicy]);
 * const row = index.lookup("shop.v1.OrderService", "CancelOrder");
 * row && decide(row, { roles: ["support"], scopes: [] }); // { kind: "allow" }
 */
export function decide(policy: MethodPolicy, caller: Caller | undefined, matchScope?: MatchScope): Decision {
  switch (policy.access) {
    case "public":
    case "allow":
      return allow;
    case "internal":
    case "requires":
      // In plain JavaScript, an anonymous caller may be null or false.
      if (!caller) return { kind: "unauthenticated" };
      if (policy.access === "internal" && caller.internal !== true) return denied("not-internal");
      if (policy.roles.length > 0 && !holdsAny(policy.roles, caller.roles)) return denied("missing-role");
      for (const name of policy.scopes) {
        if (!holds(name, caller.scopes, matchScope)) return denied("missing-scope");
      }
      return allow;
    default:
      return denied(policy.access === "unspecified" ? policy.access : "deny");
  }
}

type Held = Caller["roles"];

function holdsAny(names: readonly string[], held: Held): boolean {
  for (const name of names) if (holds(name, held)) return true;
  return false;
}

function holds(name: string, held: Held, match?: MatchScope): boolean {
  const isSet = held instanceof Set;
  // Parts of another iterable, such as a string, are no names.
  if (!isSet && !Array.isArray(held)) return false;
  if (match) return [...held].some((granted) => match(name, granted) === true);
  return isSet ? held.has(name) : held.includes(name);
}
