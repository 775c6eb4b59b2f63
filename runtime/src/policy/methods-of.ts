import { readTables } from "./read-tables.js";
import type { InternalMethodOf, MethodPolicy, PublicMethodOf, ServicePolicy } from "./service-policy.js";

/**
 * Returns the public methods of tables, as `pkg.v1.Service/Method`, in the order of the tables.
 *
 * @throws TypeError for anything but generated tables.
 *
 * @example
 * getPublicMethods([OrderServicePolicy]); // ["shop.v1.OrderService/ListProducts"]
 */
export function getPublicMethods<T extends ServicePolicy>(policies: readonly T[]): PublicMethodOf<T>[] {
  return methodsWith(policies, "public") as PublicMethodOf<T>[];
}

/**
 * Returns the internal methods of tables, as `pkg.v1.Service/Method`, in the order of the tables.
 *
 * @throws TypeError for anything but generated tables.
 *
 * @example
 * getInternalMethods([OrderServicePolicy]); // ["shop.v1.OrderService/ReindexOrders"]
 */
export function getInternalMethods<T extends ServicePolicy>(policies: readonly T[]): InternalMethodOf<T>[] {
  return methodsWith(policies, "internal") as InternalMethodOf<T>[];
}

function methodsWith(policies: readonly ServicePolicy[], access: MethodPolicy["access"]): string[] {
  return readTables(policies).flatMap(({ typeName, methods }) =>
    Object.entries(methods).flatMap(([method, row]) => (row.access === access ? `${typeName}/${method}` : [])),
  );
}
