import type { Row } from "../merge/merge.js";

/** The parts of a row that decide which callers it admits. */
export interface Access
  extends Pick<
    Row,
    "access" | "roles" | "scopes" | "permissions" | "anyPermissions" | "acr" | "maxAgeSeconds" | "credentials"
  > {
  /** The texts of the conditions, which must all be true. */
  readonly conditions: readonly string[];
  /** The path of the resource on which the permissions must be held. */
  readonly resource: string | undefined;
}

/** Returns the access of a row. */
export function accessOf(row: Row): Access {
  const { access, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials } = row;
  return {
    ...{ access, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials },
    conditions: row.conditions.flatMap(({ condition }) => (condition === undefined ? [] : [condition])),
    resource: row.resource?.resource,
  };
}

/**
 * Returns true if every caller whom `inner` admits is admitted by `outer` too.
 *
 * The server's code decides an unspecified method. As `inner`, it may admit anybody; as `outer`, it may admit nobody.
 * Conditions are compared by their texts: another text may admit other callers.
 *
 * @example
 * isWithin(requires("admin"), requires("admin", "support")); // true: one role of two suffices
 * isWithin(requires("admin", "support"), requires("admin")); // false: support is admitted by the first alone
 */
export function isWithin(inner: Access, outer: Access): boolean {
  if (inner.access === "deny" || outer.access === "public") return true;
  if (inner.access === "public" || outer.access === "deny") return false;
  if (inner.access === "unspecified" || outer.access === "unspecified") {
    return inner.access === outer.access && isBoundBy(inner, outer);
  }
  // Internal callers reach internal methods only, and users the others.
  if ((inner.access === "internal") !== (outer.access === "internal")) return false;
  return (
    isOneOf(inner.roles, outer.roles) &&
    includesAll(inner.scopes, outer.scopes) &&
    impliesPermissions(inner, outer) &&
    isOneOf(inner.acr, outer.acr) &&
    (inner.maxAgeSeconds ?? Number.POSITIVE_INFINITY) <= (outer.maxAgeSeconds ?? Number.POSITIVE_INFINITY) &&
    isBoundBy(inner, outer)
  );
}

/** Returns true if the conditions and the kinds of credentials of `inner` imply those of `outer`. */
function isBoundBy(inner: Access, outer: Access): boolean {
  return includesAll(inner.conditions, outer.conditions) && isOneOf(inner.credentials, outer.credentials);
}

/** Returns true if a caller with one of the names of `inner` has one of `outer`. No names: any caller. */
function isOneOf(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.length === 0 || (inner.length > 0 && includesAll(outer, inner));
}

/** Returns true if every caller with the permissions of `inner` has those of `outer`. */
function impliesPermissions(inner: Access, outer: Access): boolean {
  if (outer.permissions.length === 0 && outer.anyPermissions.length === 0) return true;
  // A permission on one resource says nothing about another.
  if (inner.resource !== outer.resource) return false;
  const [only, ...others] = inner.anyPermissions;
  const held = only !== undefined && others.length === 0 ? [...inner.permissions, only] : inner.permissions;
  if (!includesAll(held, outer.permissions)) return false;
  if (outer.anyPermissions.length === 0 || outer.anyPermissions.some((name) => held.includes(name))) return true;
  return inner.anyPermissions.length > 0 && includesAll(outer.anyPermissions, inner.anyPermissions);
}

function includesAll(names: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((name) => names.includes(name));
}
