import type { AuthzRule, MethodPatternOf } from "@connectum/auth";
import type { OrderServicePolicy } from "./gen/shop/v1/orders_auth.js";

export const rules: readonly AuthzRule<MethodPatternOf<typeof OrderServicePolicy>>[] = [
  // "shop.v1.OrderService/ExportOrder" would not compile.
  { name: "frozen", effect: "deny", methods: ["shop.v1.OrderService/ExportOrders"] },
];
