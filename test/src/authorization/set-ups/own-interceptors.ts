import { type ConnectRouter, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { createAuth, credentials } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";
import { OrderService } from "./gen/shop/v1/orders_pb.js";

export const audited: string[] = [];

const audit: Interceptor = (next) => (req) => {
  audited.push(req.method.name);
  return next(req);
};

export const auth = createAuth({
  policies,
  authenticate: credentials({ verifyCredentials: (subject) => ({ subject, roles: ["editor"] }) }),
});

export const routes = (router: ConnectRouter) =>
  router.service(OrderService, { cancelOrder: () => ({}) }, auth.withInterceptors([audit]));

/** In tests; a server takes the same: connectNodeAdapter({ ...auth, routes }). */
export const transport = createRouterTransport(routes, { router: auth });
