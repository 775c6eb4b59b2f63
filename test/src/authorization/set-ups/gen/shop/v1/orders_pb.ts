export * from "../../../../../gen/shop/v1/orders_pb.js";
