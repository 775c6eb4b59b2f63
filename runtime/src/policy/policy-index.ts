import { isNameList } from "./name-list.js";
import type { MethodPolicy, ServicePolicy } from "./service-policy.js";

/** Tables, checked and ready to be asked. */
export interface PolicyIndex {
  /** The rows of every service that has a table, by its fully qualified name. */
  readonly services: ReadonlyMap<string, ServicePolicy["methods"]>;
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
  const services = new Map<string, ServicePolicy["methods"]>();
  for (const policy of policies) {
    const { typeName, methods } = Object(policy) as ServicePolicy;
    if (typeof typeName !== "string" || !methods || countMembers(policy) !== 2) {
      throw new TypeError(`policies[${services.size}]: not a generated table`);
    }
    if (services.has(typeName)) throw new TypeError(`policies[${services.size}]: second table of ${typeName}`);
    for (const method in methods) {
      const row = methods[method];
      if (!isMethodPolicy(row)) {
        throw new TypeError(`policies: ${typeName}/${method}: not a row ${JSON.stringify(row)}`);
      }
    }
    services.set(typeName, methods);
  }
  return {
    services,
    lookup(service, method) {
      const methods = services.get(service);
      if (methods === undefined) return undefined;
      return Object.hasOwn(methods, method) ? methods[method] : missingRow;
    },
  };
}

/** A member that is not known could be a demand: a row that has one is refused. */
function isMethodPolicy(row: MethodPolicy | undefined): boolean {
  switch (row?.access) {
    case "public":
    case "allow":
    case "unspecified":
    case "deny":
      return countMembers(row) === 1;
    case "internal":
    case "requires":
      return countMembers(row) === 3 && isNameList(row.roles) && isNameList(row.scopes);
    default:
      return false;
  }
}

// A loop: a table is checked once, before anything is compiled, and there can be very many rows.
function countMembers(value: object): number {
  let count = 0;
  for (const _ in value) count++;
  return count;
}
