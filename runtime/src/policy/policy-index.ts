import { readTables } from "./read-tables.js";
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
 * Checks tables and indexes them by service and method. It reads them once: later changes to them have no effect.
 *
 * @throws TypeError for what is not a generated table, or two tables for one service.
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
