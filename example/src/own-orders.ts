import { type AuthContext, authorizeMethods, type MethodChecks } from "@connectum/auth";
import { OrderService } from "./gen/shop/v1/order_pb.js";
import type { Orders, StoredOrder } from "./orders.js";

/** Support staff see every order, customers their own. */
export function maySee({ subject, roles }: AuthContext, order: StoredOrder): boolean {
  return roles.includes("support") || order.customer === subject;
}

/** What no table can say, since it depends on the order that is asked for. Asked where the table said yes. */
export function checkOrders(orders: Orders): MethodChecks {
  // An order that does not exist is refused like somebody else's, so that nobody learns which numbers are taken.
  const ownOrder = (caller: AuthContext, { id }: { readonly id: string }) => {
    const order = orders.find(id);
    return order === undefined ? caller.roles.includes("support") : maySee(caller, order);
  };
  return authorizeMethods(OrderService, {
    getOrder: ownOrder,
    cancelOrder: ownOrder,
    // Asked about every message of the stream: support staff place orders for others, not for themselves.
    importOrders: { message: (caller, { order }) => order?.customer !== caller.subject },
  });
}
