import type { MethodPolicy, ServicePolicy } from "./service-policy.js";

/** Tables, checked and ready to be asked. */
export interface PolicyIndex {
  /** Fully qualified names of the services that have a table. */
  readonly services: ReadonlySet<string>;
  /**
   * The row of a method. Undefined where the service has no table. A method
   * that is missing from its service's table, because the table is older than the
   * schema, is {@link missingRow}: a mistake, never a permission.
   */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/** What stands for a row that its table lacks. */
export const missingRow: MethodPolicy = /* @__PURE__ */ Object.freeze({ access: "deny" });

/**
 * Checks tables and indexes them by service and method.
 *
 * @throws TypeError for a malformed table, or two tables for one service.
 */
export function createPolicyIndex(policies: Iterable<ServicePolicy>): PolicyIndex {
  if (!Array.isArray(policies) && !(Symbol.iterator in Object(policies))) {
    throw new TypeError(`policies: expected a list of generated tables, got ${describe(policies)}`);
  }
  const services = new Map<string, ServicePolicy["methods"]>();
  for (const policy of policies) {
    checkTable(policy);
    if (services.has(policy.typeName)) {
      throw new TypeError(`policies: two tables for service ${policy.typeName}; pass one of them`);
    }
    services.set(policy.typeName, policy.methods);
  }
  return {
    services: new Set(services.keys()),
    lookup(service, method) {
      const methods = services.get(service);
      if (methods === undefined) return undefined;
      return Object.hasOwn(methods, method) ? methods[method] : missingRow;
    },
  };
}

const accesses: ReadonlySet<unknown> = /* @__PURE__ */ new Set(["public", "allow", "deny", "unspecified"]);
const demandingAccesses: ReadonlySet<unknown> = /* @__PURE__ */ new Set(["requires", "internal"]);

function checkTable(policy: ServicePolicy): void {
  if (typeof policy?.typeName !== "string" || policy.typeName === "") {
    throw new TypeError(`policies: expected generated tables such as OrderServicePolicy, found ${describe(policy)}`);
  }
  const { typeName, methods } = policy;
  if (typeof methods !== "object" || methods === null) {
    throw new TypeError(`policies: the table of ${typeName} has no methods: got ${describe(methods)}`);
  }
  for (const [method, row] of Object.entries<MethodPolicy>(methods)) {
    if (accesses.has(row?.access)) continue;
    if (!demandingAccesses.has(row?.access)) {
      throw new TypeError(`policies: ${typeName}/${method}: unknown access ${describe(row?.access)}`);
    }
    for (const list of ["roles", "scopes"] as const) {
      const names: unknown = (row as Record<string, unknown>)[list];
      if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
        throw new TypeError(`policies: ${typeName}/${method}: ${list} must be a list of non-empty strings`);
      }
    }
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}
