import { isMessage } from "@bufbuild/protobuf";
import { createProtoAuthzInterceptor } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";
import { ExportOrdersRequestSchema } from "./gen/shop/v1/orders_pb.js";

export const authorization = createProtoAuthzInterceptor({
  policies,
  authorize: async ({ roles }, { header, message }) => {
    if (isMessage(message, ExportOrdersRequestSchema) && message.format === "csv") return roles.includes("staff");
    return header.get("x-tenant") === "shop";
  },
});
