import { readTables } from "./read-tables.js";
import type { MethodPolicy, ServicePolicy } from "./service-policy.js";

/** Checked tables, indexed by service and method. */
export interface PolicyIndex {
  /** The rows of each service, by its fully qualified name. */
  readonly services: ReadonlyMap<string, ServicePolicy["methods"]>;
  /**
   * Returns the row of a method, or undefined for a service without a table. Returns {@link missingRow} for a method that the
   * table lacks: the table is older than the schema.
   */
  lookup(service: string, method: string): MethodPolicy | undefined;
}

/** The row of a method that its table lacks. It denies. */
export const missingRow: MethodPolicy = /* @__PURE__ */ Object.freeze({ access: "deny" });

/**
 * Checks tables and indexes them by service and method. Later changes to the tables have no effect.
 *
 * @throws TypeError for anything but generated tables, and for two tables of one service.
 *
 * @example
 * const index = createPolicyIndex([OrderServicePolicy]);
 * index.lookup("shop.v1.OrderService", "GetOrder"); // { access: "requires", roles: [], scopes: [] }
 */
export function createPolicyIndex(policies: Iterable<ServicePolicy>): PolicyIndex {
  const services = new Map<string, ServicePolicy["methods"]>();
  for (const { typeName, methods } of readTables(policies)) {
    if (services.has(typeName)) throw new TypeError(`policies[${services.size}]: second table of ${typeName}`);
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
