import { authorizeMethods, createProtoAuthzInterceptor } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";
import { OrderService } from "./gen/shop/v1/orders_pb.js";
import { orders } from "./orders.js";

const ownOrders = authorizeMethods(OrderService, {
  getOrder: async (caller, { id }) => (await orders.find(id))?.customer === caller.subject,
  watchOrder: async (caller, { id }) => (await orders.find(id))?.customer === caller.subject,
  importOrders: {
    // Before the first message ...
    open: (_caller, { header }) => header.get("x-tenant") === "shop",
    // ... and for every message of the stream.
    message: (caller, { customerId }) => customerId === caller.subject,
  },
});

export const authorization = createProtoAuthzInterceptor({ policies, checks: [ownOrders] });
