import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { requireAuthContext } from "@connectum/auth";
import type { OrderService } from "../gen/shop/v1/order_pb.js";
import type { Orders } from "../orders.js";

/** Nothing here asks who may call: by the time a handler runs, that is decided. It only uses who is calling. */
export function createOrderService(orders: Orders): ServiceImpl<typeof OrderService> {
  return {
    listProducts: () => ({ products: ["Teapot", "Tea cosy", "Kettle", "Sugar tongs"] }),

    getOrder: ({ id }) => ({ order: orders.find(id) ?? notFound(id), caller: requireAuthContext().subject }),

    // Runs while the answer is being sent: the caller is still the caller.
    async *watchOrders() {
      for (const order of orders.all()) {
        await pause(1);
        yield { order, caller: requireAuthContext().subject };
      }
    },

    async importOrders(requests) {
      let imported = 0;
      for await (const { order } of requests) {
        if (order === undefined) continue;
        orders.add(order);
        imported++;
      }
      return { imported, caller: requireAuthContext().subject };
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
