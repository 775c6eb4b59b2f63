import type { RowCode } from "../condition/row-code.js";
import { serviceFields } from "../declaration/declaration.js";
import type { Row } from "../merge/merge.js";
import { literal, visible } from "../text/literal.js";

/**
 * Returns a sentence about the callers of a method, with the service's fields that decided it.
 *
 * @example
 * describe(row);
 * // "Public: no authentication."
 * // "Requires role support and scope orders:write."
 * // "Requires one of the roles customer, support (from service_auth.default_requires)."
 */
export function describe(row: Row, code?: RowCode): string {
  const { access, decidedBy, declaration, roles, scopes, permissions, anyPermissions } = row;
  const requirements = [
    list("role", "one of the roles", roles),
    list("scope", "all of the scopes", scopes),
    list("permission", "all of the permissions", permissions),
    list("permission", "one of the permissions", anyPermissions),
  ];
  const required = requirements.filter((text) => text !== "").join(" and ");
  const fields = decidedBy === undefined ? [] : [decidedBy.by];
  if (access === "internal" && required !== "") fields.push("requires");
  const inherited = fields.filter((field) => declaration[field] === undefined);
  const names = inherited.map((field) => `service_auth.${serviceFields[field].name}`);
  const origin = names.length === 0 ? "" : ` (from ${names.join(" and ")})`;
  const texts = {
    public: "Public: no authentication",
    internal: `Internal: only trusted internal callers${required && ` with ${required}`}`,
    requires: `Requires ${required || "an authenticated caller"}`,
    allow: "Allow: any authenticated caller",
    deny: "Deny: nobody",
    unspecified: "Unspecified: the server's rules decide",
  };
  const resource = code?.resource === undefined ? "" : ` On the resource request.${code.resource.path}.`;
  const condition =
    code?.condition === undefined ? "" : `\n\nOnly if \`${visible(code.condition.cel.replace(/[\t-\r ]+/g, " "))}\`.`;
  return `${texts[access]}${origin}.${resource}${condition}`;
}

/** Lists names for a comment. Quotes a name with unusual characters. */
function list(one: string, several: string, names: readonly string[]): string {
  const words = names.map((name) => (/^[\w:./-]+$/.test(name) ? name : literal(name)));
  return names.length === 0 ? "" : `${names.length === 1 ? one : several} ${words.join(", ")}`;
}
