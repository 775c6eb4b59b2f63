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

/** Whether the scopes that were granted cover a required one. */
export type MatchScope = (required: string, granted: Caller["scopes"]) => boolean;

const allow: Decision = { kind: "allow" };
const unauthenticated: Decision = { kind: "unauthenticated" };
const denied = (reason: DenialReason): Decision => ({ kind: "denied", reason });
const deny: Decision = /* @__PURE__ */ denied("deny");
const unspecified: Decision = /* @__PURE__ */ denied("unspecified");
const notInternal: Decision = /* @__PURE__ */ denied("not-internal");
const missingRole: Decision = /* @__PURE__ */ denied("missing-role");
const missingScope: Decision = /* @__PURE__ */ denied("missing-scope");

/**
 * Decides by one row of a table. Pure: it sees nothing but its arguments, and
 * throws nothing. An `unspecified` row, or one it does not know, is denied.
 *
 * @param caller - the authenticated caller; undefined where there is none.
 * @param matchScope - by default, scopes are compared for equality.
 */
export function decide(policy: MethodPolicy, caller: Caller | undefined, matchScope: MatchScope = has): Decision {
  switch (policy.access) {
    case "public":
    case "allow":
      return allow;
    case "unspecified":
      return unspecified;
    case "internal":
    case "requires":
      if (caller === undefined) return unauthenticated;
      if (policy.access === "internal" && caller.internal !== true) return notInternal;
      if (policy.roles.length > 0 && !policy.roles.some((role) => has(role, caller.roles))) return missingRole;
      return policy.scopes.every((scope) => matchScope(scope, caller.scopes) === true) ? allow : missingScope;
    default:
      return deny;
  }
}

function has(name: string, held: readonly string[] | ReadonlySet<string>): boolean {
  return Array.isArray(held) ? held.includes(name) : held instanceof Set && held.has(name);
}
