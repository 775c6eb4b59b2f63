import type { ReportMethod } from "./access-report.js";

/** A column of the matrix of a service: a name that its methods require. */
export interface MatrixColumn {
  readonly kind: "role" | "scope" | "permission";
  readonly name: string;
}

/** The names that a method requires. */
type RequiredNames = Pick<ReportMethod, "roles" | "scopes" | "permissions" | "anyPermissions">;

/** `all`: the caller needs the name. `any`: it is one of several that suffice. */
export type MatrixMark = "all" | "any" | undefined;

/** Returns the names that the methods of a service require: roles, scopes, then permissions, each sorted. */
export function columnsOf({ methods }: { readonly methods: readonly RequiredNames[] }): MatrixColumn[] {
  const columns = (kind: MatrixColumn["kind"], listOf: (method: RequiredNames) => readonly string[]) =>
    [...new Set(methods.flatMap(listOf))].sort().map((name): MatrixColumn => ({ kind, name }));
  return [
    ...columns("role", ({ roles }) => roles),
    ...columns("scope", ({ scopes }) => scopes),
    ...columns("permission", ({ permissions, anyPermissions }) => [...permissions, ...anyPermissions]),
  ];
}

/** Returns whether a method requires the name of a column. */
export function markOf(method: RequiredNames, { kind, name }: MatrixColumn): MatrixMark {
  const { roles, scopes, permissions, anyPermissions } = method;
  if ((kind === "scope" && scopes.includes(name)) || (kind === "permission" && permissions.includes(name)))
    return "all";
  const choice = kind === "role" ? roles : kind === "permission" ? anyPermissions : [];
  if (!choice.includes(name)) return undefined;
  return choice.length === 1 ? "all" : "any";
}
