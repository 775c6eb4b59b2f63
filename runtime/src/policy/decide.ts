import type { MethodPolicy } from "./service-policy.js";

/** What a decision needs to know about a caller. An `AuthContext` is one. */
export interface Caller {
  readonly roles: readonly string[] | ReadonlySet<string>;
  readonly scopes: readonly string[] | ReadonlySet<string>;
  /** Whether the server's internal trust vouches for the caller. By default, false. */
  readonly internal?: boolean;
}

/** Why a caller may not call a method. For the server's log, never for the client. */
export type DenialReason = "deny" | "unspecified" | "not-internal" | "missing-role" | "missing-scope";

/** Whether a caller may call a method, and if not, why. */
export type Decision =
  | { readonly kind: "allow" }
  /** An identity is needed and there is none. */
  | { readonly kind: "unauthenticated" }
  | { readonly kind: "denied"; readonly reason: DenialReason };

/** Whether a scope that was granted covers a required one. */
export type MatchScope = (required: string, granted: string) => boolean;

const allow: Decision = { kind: "allow" };
const denied = (reason: DenialReason): Decision => ({ kind: "denied", reason });

/**
 * Decides by one row of a table. Pure: it sees nothing but its arguments, and
 * throws only what `matchScope` throws. An `unspecified` row, or one it does not know, is denied.
 *
 * @param caller - the authenticated caller; undefined where there is none.
 * @param matchScope - by default, scopes are compared for equality.
 */
export function decide(policy: MethodPolicy, caller: Caller | undefined, matchScope?: MatchScope): Decision {
  switch (policy.access) {
    case "public":
    case "allow":
      return allow;
    case "internal":
    case "requires":
      // Without types, "nobody" may be null or false as well.
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
  // Of anything else that can be iterated, such as a string, the parts are no names.
  if (!isSet && !Array.isArray(held)) return false;
  if (match) return [...held].some((granted) => match(name, granted) === true);
  return isSet ? held.has(name) : held.includes(name);
}
