import { OrderServicePolicy } from "../../../gen/shop/v1/orders_auth.js";

/** Stands for the registry file of a project. */
export const policies = [OrderServicePolicy];
