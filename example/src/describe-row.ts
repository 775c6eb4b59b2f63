import type { MethodPolicy } from "@connectum/auth/policy";

/** Describes a row of a table in words. */
export function describeRow(row: MethodPolicy): string {
  switch (row.access) {
    case "public":
      return "public";
    case "allow":
      return "open to everybody signed in";
    case "deny":
      return "denied to everybody";
    case "unspecified":
      return "left to the server's rules";
    case "internal":
      return "for the shop's services only";
    case "requires": {
      const demands = [
        ...(row.roles.length > 0 ? [`role ${row.roles.join(" or ")}`] : []),
        ...(row.scopes.length > 0 ? [`scope ${row.scopes.join(" and ")}`] : []),
        ...(row.permissions ? [`permission ${row.permissions.join(" and ")}`] : []),
      ];
      const condition = row.condition ? `, only if ${row.condition.cel}` : "";
      return `requires ${demands.join(" and ") || "a signed-in caller"}${condition}`;
    }
  }
}
