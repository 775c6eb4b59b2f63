import { can, type MethodPolicy, type ServicePolicy } from "@connectum/auth/policy";
import type { PageMethodData, PageServiceData } from "../src/report/page-data.js";

/** The caller of the question. */
export interface AskedCaller {
  readonly kind: "anonymous" | "signed-in" | "internal";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
}

/** `bound`: the caller may call if the condition is true, or on the resource. `code`: the server's code decides. */
export type Answer = "yes" | "bound" | "no" | "code";

/** Returns the table of a service, by which `can` decides. It has no conditions and no resources. */
export function tableOf({ name, methods }: PageServiceData): ServicePolicy {
  return { typeName: name, methods: Object.fromEntries(methods.map((method) => [method.name, rowOf(method)])) };
}

function rowOf({ access, roles, scopes, permissions, anyPermissions }: PageMethodData): MethodPolicy {
  return access === "requires" || access === "internal"
    ? { access, roles, scopes, permissions, anyPermissions }
    : { access };
}

/** Returns whether a caller may call a method. */
export function answerOf(table: ServicePolicy, method: PageMethodData, { kind, ...held }: AskedCaller): Answer {
  const { name, access, conditions, resource } = method;
  if (access === "unspecified") return "code";
  // Servers authenticate internal services for internal methods only.
  if (kind === "internal" && access !== "internal" && access !== "public") return "no";
  const caller = kind === "anonymous" ? undefined : { ...held, internal: kind === "internal" };
  if (!can<ServicePolicy>(table, name, caller)) return "no";
  return conditions.length > 0 || resource !== null ? "bound" : "yes";
}
