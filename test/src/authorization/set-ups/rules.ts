import { createProtoAuthzInterceptor } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const authorization = createProtoAuthzInterceptor({
  policies,
  rules: [
    { name: "no guests", effect: "deny", methods: ["*"], requires: { roles: ["guest"] } },
    {
      name: "staff exports",
      effect: "allow",
      methods: ["shop.v1.OrderService/Export*"],
      requires: { roles: ["staff"] },
    },
    { name: "health", effect: "allow", methods: ["grpc.health.v1.Health/*"] },
  ],
});
