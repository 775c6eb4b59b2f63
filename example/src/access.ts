import { type Auth, type AuthzRule, createAuth, jwt, type ServicePolicy } from "@connectum/auth";
import { OrderServicePolicy } from "./gen/shop/v1/order_auth.js";
import { FeedbackServicePolicy, UserServicePolicy } from "./gen/shop/v1/user_auth.js";
import type { IdentityProvider } from "./identity-provider.js";

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

/** Access control for the shop: everything the server needs to know about it. */
export function createShopAuth({ jwksUri, issuer }: Pick<IdentityProvider, "jwksUri" | "issuer">): Auth {
  return createAuth({
    policies,
    rules,
    authenticate: jwt({ jwksUri, issuer, audience, typ: "at+jwt" }),
    internal: { ...jwt({ jwksUri, issuer, audience: internalAudience, typ: "at+jwt" }), internal: true },
    defaultPolicy: "deny",
  });
}
