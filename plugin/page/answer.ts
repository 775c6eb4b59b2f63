import { can, type ServicePolicy } from "@connectum/auth/policy";
import type { ReportMethod, ReportService } from "../src/report/access-report.js";

/** The caller of the question: whom the server takes it for, and its names. */
export interface Caller {
  readonly kind: "anonymous" | "user" | "service";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
}

/** `yes`: may call. `if`: may call if the condition is true. `no`: may not. `code`: the server's code decides. */
export type Answer = "yes" | "if" | "no" | "code";

/** Returns the answers for the methods of a service, in order. */
export function answersOf({ name, methods }: ReportService, { kind, ...names }: Caller): Answer[] {
  // Not an assignment: a method may be called `__proto__`.
  const rows = Object.fromEntries(methods.map((method) => [method.name, rowOf(method)]));
  const policy: ServicePolicy = { typeName: name, methods: rows };
  const caller = kind === "anonymous" ? undefined : { ...names, internal: kind === "service" };
  return methods.map((method): Answer => {
    const { access, conditions, resource } = method;
    if (access === "unspecified") return "code";
    // The server reads the credential of a service for internal methods alone.
    if (kind === "service" && access !== "internal" && access !== "public") return "no";
    if (!can<ServicePolicy>(policy, method.name, caller)) return "no";
    return conditions.length > 0 || resource !== null ? "if" : "yes";
  });
}

/** Returns the row of a table, without its condition and resource: they need a request. */
function rowOf(method: ReportMethod): ServicePolicy["methods"][string] {
  const { access, roles, scopes, permissions, anyPermissions } = method;
  if (access !== "requires" && access !== "internal") return { access };
  return {
    ...{ access, roles, scopes },
    ...(permissions.length > 0 && { permissions }),
    ...(anyPermissions.length > 0 && { anyPermissions }),
  };
}
