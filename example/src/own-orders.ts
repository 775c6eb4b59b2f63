import { type AuthContext, authorizeMethods, type MethodChecks } from "@connectum/auth";
import { OrderService } from "./gen/shop/v1/order_pb.js";
import type { Orders, StoredOrder } from "./orders.js";

/** Returns true if the caller may see an order: support staff see all orders, customers their own. */
export function maySee({ subject, roles }: AuthContext, order: StoredOrder): boolean {
  return roles.includes("support") || order.customer === subject;
}

/** Checks the requested order, which no table can. The checks run after the table admits the caller. */
export function checkOrders(orders: Orders): MethodChecks {
  // Reject an unknown order like another customer's, so that a customer cannot find out which orders exist.
  const ownOrder = (caller: AuthContext, { id }: { readonly id: string }) => {
    const order = orders.find(id);
    return order === undefined ? caller.roles.includes("support") : maySee(caller, order);
  };
  return authorizeMethods(OrderService, {
    getOrder: ownOrder,
    cancelOrder: ownOrder,
    // Runs for every message of the stream. Support staff place orders for customers, not for themselves.
    importOrders: { message: (caller, { order }) => order?.customer !== caller.subject },
  });
}
