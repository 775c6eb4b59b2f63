import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { requireAuthContext } from "@connectum/auth";
import type { OrderService } from "../gen/shop/v1/order_pb.js";
import type { Orders, StoredOrder } from "../orders.js";
import { maySee } from "../own-orders.js";

/** The handlers contain no access control: it runs before them. They only use the caller. */
export function createOrderService(orders: Orders): ServiceImpl<typeof OrderService> {
  return {
    listProducts: () => ({ products: ["Teapot", "Tea cosy", "Kettle", "Sugar tongs"] }),

    getOrder: ({ id }) => ({ order: orders.find(id) ?? notFound(id), caller: requireAuthContext().subject }),

    // The caller stays available while the response streams.
    async *watchOrders() {
      for (const order of orders.all()) {
        await pause(1);
        if (!maySee(requireAuthContext(), order)) continue;
        yield { order, caller: requireAuthContext().subject };
      }
    },

    async importOrders(requests) {
      const imported: StoredOrder[] = [];
      for await (const { order } of requests) if (order !== undefined) imported.push(order);
      // Add the orders after the last message, since a check may reject the stream before.
      for (const order of imported) orders.add(order);
      return { imported: imported.length, caller: requireAuthContext().subject };
    },

    async *chat(requests) {
      for await (const { text } of requests) {
        const { subject, name = subject } = requireAuthContext();
        yield { text: `${name}, we heard: ${text}`, caller: subject };
      }
    },

    cancelOrder: ({ id }) => ({ order: orders.cancel(id) ?? notFound(id), caller: requireAuthContext().subject }),

    purgeOrders: () => ({ purged: orders.purge(), caller: requireAuthContext().subject }),
  };
}

function notFound(id: string): never {
  throw new ConnectError(`no order ${id}`, Code.NotFound);
}
