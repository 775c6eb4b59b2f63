import {
  type Auth,
  type AuthzRule,
  type CreateAuthOptions,
  createAuth,
  jwt,
  type PermissionOf,
  type ServicePolicy,
  signedTokenTrust,
} from "@connectum/auth";
import { OrderServicePolicy } from "./gen/shop/v1/order_auth.js";
import { StockServicePolicy } from "./gen/shop/v1/stock_auth.js";
import { FeedbackServicePolicy, UserServicePolicy } from "./gen/shop/v1/user_auth.js";
import type { IdentityProvider } from "./identity-provider.js";
import type { Orders } from "./orders.js";
import { checkOrders } from "./own-orders.js";

/** Audience of the tokens for people. */
export const audience = "shop";

/** Audience of the tokens for the shop's other services. */
export const internalAudience = "shop.internal";

/** The generated tables of all services of this server. */
export const policies: readonly ServicePolicy[] = [
  OrderServicePolicy,
  UserServicePolicy,
  FeedbackServicePolicy,
  StockServicePolicy,
];

/** The permissions of each role. A function could read them from a database instead. */
export const grants: Readonly<Record<string, readonly PermissionOf<typeof StockServicePolicy>[]>> = {
  support: ["stock.read"],
  admin: ["stock.read", "stock.count"],
};

/** The access of the methods without rules in the protos. */
export const rules: readonly AuthzRule[] = [
  {
    name: "customers-give-feedback",
    methods: ["shop.v1.FeedbackService/*"],
    effect: "allow",
    requires: { roles: ["customer"] },
  },
];

export interface ShopAuthOptions
  extends Partial<Pick<CreateAuthOptions, "policies" | "onDecision" | "decisionRecords" | "trial">> {
  readonly identityProvider: Pick<IdentityProvider, "jwksUri" | "issuer">;
  readonly orders: Orders;
}

/** Creates the access control of the shop. */
export function createShopAuth({ identityProvider, orders, ...options }: ShopAuthOptions): Auth {
  const { jwksUri, issuer } = identityProvider;
  return createAuth({
    policies,
    rules,
    grants,
    checks: [checkOrders(orders)],
    authenticate: jwt({ jwksUri, issuer, audience, typ: "at+jwt" }),
    // One provider signs the tokens of people and of services. The audience separates them.
    internal: signedTokenTrust({ issuers: [{ jwksUri, issuer, audience: internalAudience, typ: "at+jwt" }] }),
    defaultPolicy: "deny",
    ...options,
  });
}
