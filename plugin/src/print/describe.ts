import { serviceAuth } from "../declaration/declaration.js";
import { literal } from "../text/literal.js";
import type { Resolved } from "../merge/merge.js";

/** Says in words who may call a method, and which level of the schema says so when it is not the method itself. */
export function describe(resolved: Resolved): string {
  const { access, decidedBy, merged } = resolved;
  const origins = new Set<string>();
  if (decidedBy !== undefined && merged[decidedBy.by].from === "service") {
    origins.add(`service_auth.${serviceAuth.fields[decidedBy.by].name}`);
  }
  const demands = describeDemands(resolved);
  if (demands !== "" && merged.requires.from === "service") origins.add("service_auth.default_requires");
  const origin = origins.size === 0 ? "" : ` (from ${[...origins].join(" and ")})`;
  switch (access) {
    case "public":
      return `Public: no authentication${origin}.`;
    case "internal":
      return `Internal: trusted internal callers only${demands === "" ? "" : `, who hold ${demands}`}${origin}.`;
    case "requires":
      return demands === "" ? `Requires an authenticated caller${origin}.` : `Requires ${demands}${origin}.`;
    case "allow":
      return `Allow: any authenticated caller${origin}.`;
    case "deny":
      return `Deny: nobody${origin}.`;
    case "unspecified":
      return "Unspecified: the server's rules decide.";
  }
}

function describeDemands({ roles, scopes }: Resolved): string {
  const parts: string[] = [];
  if (roles.length > 0) parts.push(`${roles.length === 1 ? "role" : "one of the roles"} ${list(roles)}`);
  if (scopes.length > 0) parts.push(`${scopes.length === 1 ? "scope" : "all of the scopes"} ${list(scopes)}`);
  return parts.join(" and ");
}

/** Names in a comment: quoted where they could be mistaken for anything but a name. */
function list(names: readonly string[]): string {
  return names.map((name) => (/^[\w:./-]+$/.test(name) ? name : literal(name))).join(", ");
}
