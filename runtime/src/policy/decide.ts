import { type AuthenticatedCaller, type IdentityDenialReason, readsIdentity, refusalOfIdentity } from "./identity.js";
import type { MethodPolicy } from "./service-policy.js";

/** The caller of a decision. An `AuthContext` is one. */
export interface Caller extends AuthenticatedCaller {
  readonly roles: readonly string[] | ReadonlySet<string>;
  readonly scopes: readonly string[] | ReadonlySet<string>;
  /** Permissions that do not depend on a resource. By default, none. */
  readonly permissions?: readonly string[] | ReadonlySet<string> | undefined;
  /** Permissions on resources, by the name of the resource. By default, none. */
  readonly permissionsOn?: { readonly [resource: string]: readonly string[] | ReadonlySet<string> } | undefined;
  /** True for a caller that the server's internal schemes authenticated. By default, false. */
  readonly internal?: boolean;
  /** Read by conditions, as are `name`, `type` and `claims`. An `AuthContext` has them. */
  readonly subject?: string;
  readonly name?: string | undefined;
  readonly claims?: { readonly [name: string]: unknown };
}

/** The reason of a denial. For the server's log, never for the client. */
export type DenialReason =
  | "deny"
  | "unspecified"
  | "not-internal"
  | "missing-role"
  | "missing-scope"
  | IdentityDenialReason
  | "missing-permission"
  | "missing-resource"
  | "condition";

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
 * Decides by one row of a table, without its condition. Pure, and throws only errors of `matchScope`. Denies an `unspecified`
 * or unknown row.
 *
 * @param caller - the authenticated caller, or undefined.
 * @param matchScope - by default, scopes must be equal.
 * @param resource - the resource that the request names, for a row with `resource`.
 * @param now - milliseconds since the epoch, for a row with `maxAgeSeconds`. Without it, such a row denies.
 *
 * @example
 * const index = createPolicyIndex([OrderServicePolicy]);
 * const row = index.lookup("shop.v1.OrderService", "CancelOrder");
 * row && decide(row, { roles: ["support"], scopes: [] }); // { kind: "allow" }
 */
export function decide(
  policy: MethodPolicy,
  caller: Caller | undefined,
  matchScope?: MatchScope,
  resource?: string,
  now?: number,
): Decision {
  switch (policy.access) {
    case "public":
      return allow;
    case "allow":
      return policy.credentials === undefined ? allow : decideIdentity(policy, caller, now);
    case "internal":
    case "requires":
      // In plain JavaScript, an anonymous caller may be null or false.
      if (!caller) return { kind: "unauthenticated" };
      if (policy.access === "internal" && caller.internal !== true) return denied("not-internal");
      if (policy.roles.length > 0 && !holdsAny(policy.roles, caller.roles)) return denied("missing-role");
      for (const name of policy.scopes) {
        if (!holds(name, caller.scopes, matchScope)) return denied("missing-scope");
      }
      if (readsIdentity(policy)) {
        const decision = decideIdentity(policy, caller, now);
        if (decision !== allow) return decision;
      }
      return decidePermissions(policy, caller, resource);
    default:
      return denied(policy.access === "unspecified" ? policy.access : "deny");
  }
}

/** Decides by the caller's credential and authentication. */
function decideIdentity(policy: MethodPolicy, caller: Caller | undefined, now: number | undefined): Decision {
  if (!caller) return { kind: "unauthenticated" };
  const reason = refusalOfIdentity(policy, caller, now);
  return reason === undefined ? allow : denied(reason);
}

/** Decides by the permissions that a row requires. For a row with a resource, only those on the resource count. */
function decidePermissions(policy: Requirements, caller: Caller, resource: string | undefined): Decision {
  const { permissions, anyPermissions } = policy;
  if (policy.resource !== undefined && !resource) return denied("missing-resource");
  if (permissions === undefined && anyPermissions === undefined) return allow;
  const { permissionsOn = {} } = caller;
  const isOnResource = policy.resource !== undefined && resource !== undefined;
  const onResource = isOnResource && Object.hasOwn(permissionsOn, resource) ? permissionsOn[resource] : [];
  return holdsPermissions(policy, (isOnResource ? onResource : caller.permissions) ?? [])
    ? allow
    : denied("missing-permission");
}

/** Returns true if a caller holds the permissions that a row requires. */
export function holdsPermissions(
  { permissions = [], anyPermissions = [] }: Pick<Requirements, "permissions" | "anyPermissions">,
  held: Held,
): boolean {
  for (const name of permissions) if (!holds(name, held)) return false;
  return anyPermissions.length === 0 || holdsAny(anyPermissions, held);
}

type Requirements = MethodPolicy & { readonly access: "requires" | "internal" };

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
