import { serviceFields } from "../declaration/declaration.js";
import type { Row } from "../merge/merge.js";
import { literal } from "../text/literal.js";

/** Says in words who may call a method, and which level of the schema says so when it is not the method itself. */
export function describe({ access, decidedBy, declaration, roles, scopes }: Row): string {
  const demands = [list("role", "one of the roles", roles), list("scope", "all of the scopes", scopes)];
  const demanded = demands.filter((demand) => demand !== "").join(" and ");
  const fields = decidedBy === undefined ? [] : [decidedBy.by];
  if (access === "internal" && demanded !== "") fields.push("requires");
  const inherited = fields.filter((field) => declaration[field] === undefined);
  const names = inherited.map((field) => `service_auth.${serviceFields[field].name}`);
  const origin = names.length === 0 ? "" : ` (from ${names.join(" and ")})`;
  const texts = {
    public: "Public: no authentication",
    internal: `Internal: trusted internal callers only${demanded && `, who hold ${demanded}`}`,
    requires: `Requires ${demanded || "an authenticated caller"}`,
    allow: "Allow: any authenticated caller",
    deny: "Deny: nobody",
    unspecified: "Unspecified: the server's rules decide",
  };
  return `${texts[access]}${origin}.`;
}

/** Names in a comment: quoted where they could be mistaken for anything but a name. */
function list(one: string, several: string, names: readonly string[]): string {
  const words = names.map((name) => (/^[\w:./-]+$/.test(name) ? name : literal(name)));
  return names.length === 0 ? "" : `${names.length === 1 ? one : several} ${words.join(", ")}`;
}
