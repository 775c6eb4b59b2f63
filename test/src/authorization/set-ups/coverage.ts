import { createConnectRouter } from "@connectrpc/connect";
import { checkCoverage } from "@connectum/auth/testing";
import { policies } from "./gen/auth_policies.js";
import { OrderService } from "./gen/shop/v1/orders_pb.js";

const router = createConnectRouter().service(OrderService, {});

export const coverage = checkCoverage(
  policies,
  router.handlers.map(({ service }) => service),
);
