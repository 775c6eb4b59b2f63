import { can, type MethodPolicy, type ServicePolicy } from "@connectum/auth/policy";
import type { PageMethodData, PageServiceData } from "../src/report/page-data.js";

/** The caller of the question. */
export interface AskedCaller {
  readonly kind: "anonymous" | "signed-in" | "internal";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  /** How the caller authenticated. Empty: unknown. */
  readonly acr: string;
  /** Seconds since the authentication, as typed. Empty: unknown. */
  readonly age: string;
  /** The kind of credential. Empty: one that no rule names. */
  readonly credential: string;
}

/** `bound`: the caller may call if the condition is true, or on the resource. `code`: the server's code decides. */
export type Answer = "yes" | "bound" | "no" | "code";

/** Returns the table of a service, by which `can` decides. It has no conditions and no resources. */
export function tableOf({ name, methods }: PageServiceData): ServicePolicy {
  return { typeName: name, methods: Object.fromEntries(methods.map((method) => [method.name, rowOf(method)])) };
}

function rowOf({ access, credentials: kinds, maxAgeSeconds, ...method }: PageMethodData): MethodPolicy {
  const credentials = kinds.length > 0 ? { credentials: kinds } : {};
  if (access === "public" || access === "deny") return { access };
  if (access === "allow" || access === "unspecified") return { access, ...credentials };
  const { roles, scopes, permissions, anyPermissions, acr } = method;
  return {
    ...{ access, roles, scopes, permissions, anyPermissions, ...credentials },
    ...(acr.length > 0 && { acr }),
    ...(maxAgeSeconds !== null && { maxAgeSeconds }),
  };
}

/** Returns whether a caller may call a method. */
export function answerOf(
  table: ServicePolicy,
  method: PageMethodData,
  { kind, age, credential, ...held }: AskedCaller,
): Answer {
  const { name, access, conditions, resource } = method;
  if (access === "unspecified") return "code";
  // Servers authenticate internal services for internal methods only.
  if (kind === "internal" && access !== "internal" && access !== "public") return "no";
  const authTime = age === "" ? undefined : new Date(Date.now() - Number(age) * 1_000);
  const isInternal = kind === "internal";
  const caller = kind === "anonymous" ? undefined : { ...held, scheme: credential, authTime, internal: isInternal };
  if (!can<ServicePolicy>(table, name, caller)) return "no";
  return conditions.length > 0 || resource !== null ? "bound" : "yes";
}
