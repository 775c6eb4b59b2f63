import {
  type Auth,
  type AuthzRule,
  createAuth,
  type DecisionEvent,
  jwt,
  type ServicePolicy,
  signedTokenTrust,
} from "@connectum/auth";
import { OrderServicePolicy } from "./gen/shop/v1/order_auth.js";
import { FeedbackServicePolicy, UserServicePolicy } from "./gen/shop/v1/user_auth.js";
import type { IdentityProvider } from "./identity-provider.js";
import type { Orders } from "./orders.js";
import { checkOrders } from "./own-orders.js";

/** Audience of the tokens for people. */
export const audience = "shop";

/** Audience of the tokens for the shop's other services. */
export const internalAudience = "shop.internal";

/** The generated tables of everything this server offers. */
export const policies: readonly ServicePolicy[] = [OrderServicePolicy, UserServicePolicy, FeedbackServicePolicy];

/** Who may call what the protos leave open. */
export const rules: readonly AuthzRule[] = [
  {
    name: "customers-give-feedback",
    methods: ["shop.v1.FeedbackService/*"],
    effect: "allow",
    requires: { roles: ["customer"] },
  },
];

export interface ShopAuthOptions {
  readonly identityProvider: Pick<IdentityProvider, "jwksUri" | "issuer">;
  readonly orders: Orders;
  /** Told of every decision. By default, nobody. */
  readonly onDecision?: (event: DecisionEvent) => void;
}

/** Access control for the shop: everything the server needs to know about it. */
export function createShopAuth({ identityProvider, orders, onDecision = () => {} }: ShopAuthOptions): Auth {
  const { jwksUri, issuer } = identityProvider;
  return createAuth({
    policies,
    rules,
    checks: [checkOrders(orders)],
    authenticate: jwt({ jwksUri, issuer, audience, typ: "at+jwt" }),
    // The same provider signs for people and for services: the audience keeps them apart.
    internal: signedTokenTrust({ issuers: [{ jwksUri, issuer, audience: internalAudience, typ: "at+jwt" }] }),
    defaultPolicy: "deny",
    onDecision,
  });
}
