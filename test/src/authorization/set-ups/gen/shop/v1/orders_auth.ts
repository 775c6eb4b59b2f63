export * from "../../../../../gen/shop/v1/orders_auth.js";
