import { type AccessField, serviceFields } from "../declaration/declaration.js";
import { literal } from "../text/literal.js";
import type { Row } from "./merge.js";

/**
 * Returns the callers of a method in words, without its condition and resource.
 *
 * @example
 * describeAccess(row);
 * // "Public: no authentication"
 * // "Requires role support and scope orders:write"
 * // "Requires one of the roles customer, support"
 */
export function describeAccess(row: Row): string {
  const { access, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials } = row;
  const requirements = [
    list("role", "one of the roles", roles),
    list("scope", "all of the scopes", scopes),
    list("permission", "all of the permissions", permissions),
    list("permission", "one of the permissions", anyPermissions),
    list("acr", "one of the acr values", acr),
    maxAgeSeconds === undefined ? "" : `an authentication at most ${maxAgeSeconds} s ago`,
  ];
  const kinds = list("credential", "one of the credentials", credentials);
  const by = kinds && `, by ${kinds}`;
  const required = requirements.filter((text) => text !== "").join(" and ");
  const texts = {
    public: "Public: no authentication",
    internal: `Internal: only trusted internal callers${required && ` with ${required}`}${by}`,
    requires: `Requires ${required || "an authenticated caller"}${by}`,
    allow: `Allow: any authenticated caller${by}`,
    deny: "Deny: nobody",
    unspecified: `Unspecified: the server's rules decide${by}`,
  };
  return texts[access];
}

/**
 * Returns the fields that decided the access of a method: its own and its service's, as they are written.
 *
 * @example
 * originsOf(row); // ["method_auth.internal", "service_auth.default_requires"]
 */
export function originsOf(row: Row): string[] {
  const { access, decidedBy, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials } = row;
  const fields: AccessField[] = decidedBy === undefined ? [] : [decidedBy.by];
  const lists = [roles, scopes, permissions, anyPermissions, acr];
  const hasRequirements = maxAgeSeconds !== undefined || lists.some(({ length }) => length > 0);
  if (access === "internal" && hasRequirements) fields.push("requires");
  if (credentials.length > 0) fields.push("credentials");
  return fields.map((field) => originOf(row, field));
}

/** Returns the option that gives a field to a method: `method_auth.requires`. */
export function originOf({ declaration }: Row, field: AccessField): string {
  const isOwn = declaration[field] !== undefined;
  return isOwn ? `method_auth.${declaration.fields[field].name}` : `service_auth.${serviceFields[field].name}`;
}

/** Lists names for a comment. Quotes a name with unusual characters. */
function list(one: string, several: string, names: readonly string[]): string {
  const words = names.map((name) => (/^[\w:./-]+$/.test(name) ? name : literal(name)));
  return names.length === 0 ? "" : `${names.length === 1 ? one : several} ${words.join(", ")}`;
}
