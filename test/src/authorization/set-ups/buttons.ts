import { can, createRoleHierarchy } from "@connectum/auth/policy";
import { OrderServicePolicy } from "./gen/shop/v1/orders_auth.js";

const withImplied = createRoleHierarchy({ admin: ["editor"] });

export function showsCancelButton(user: { readonly roles: readonly string[] } | undefined): boolean {
  return can(OrderServicePolicy, "CancelOrder", user && { roles: withImplied(user.roles) });
}
