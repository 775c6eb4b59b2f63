import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { OrderService } from "../gen/shop/v1/order_pb.js";
import { StockService } from "../gen/shop/v1/stock_pb.js";
import { FeedbackService, UserService } from "../gen/shop/v1/user_pb.js";
import type { Callers } from "./callers.js";
import type { ClientKey } from "./clients.js";

/** Calls about one topic. */
export interface Scenario {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** One call, repeated with each client. */
export interface Row {
  readonly caller: keyof Callers;
  readonly method: DescMethod;
  /** Requests as JSON. By default, one empty message. */
  readonly messages?: readonly JsonValue[];
  readonly expected: "ok" | Code;
  readonly clients: readonly ClientKey[];
  /** The reason, if the table alone does not explain the outcome. */
  readonly because?: string;
}

const { Unauthenticated, PermissionDenied } = Code;
const { listProducts, getOrder, watchOrders, importOrders, chat, cancelOrder, purgeOrders } = OrderService.method;
const { getMe, listUsers, deleteUser } = UserService.method;
const { sendFeedback } = FeedbackService.method;
const { getStock, countStock } = StockService.method;

const order = { method: getOrder, messages: [{ id: "1001" }] };
const cancel = { method: cancelOrder, messages: [{ id: "1002" }] };
const stranger = { messages: [{ id: "1004" }], because: "order 1004 is another customer's" };
const purge = { method: purgeOrders };
const feedback = { method: sendFeedback, messages: [{ text: "Lovely tea." }] };
const talk = { method: chat, messages: [{ text: "Where is my teapot?" }, { text: "Never mind, found it." }] };
const north = { method: getStock, messages: [{ branch: "north" }] };
const south = { method: getStock, messages: [{ branch: "south" }] };
const count = (branch: string, amount: number) => ({
  method: countStock,
  messages: [{ branch, items: [{ product: "Kettle", amount }] }],
});
const shipment = {
  method: importOrders,
  messages: ["Tray", "Strainer"].map((product, i) => ({ order: { id: `200${i}`, customer: "carol", product } })),
};

/** The calls of the demo and their expected outcomes. Written by hand, independent of the tables. */
export const scenarios: readonly Scenario[] = [
  {
    title: "public: anybody, whatever they bring",
    rows: [
      { method: listProducts, caller: "anonymous", expected: "ok", clients: ["curlConnect", "grpcJs", "esConnect"] },
      { method: listProducts, caller: "malformed", expected: "ok", clients: ["curlGrpcWeb"] },
    ],
  },
  {
    title: "roles, inherited from the service",
    rows: [
      { ...order, caller: "anonymous", expected: Unauthenticated, clients: ["curlConnect", "grpcJs", "esGrpcWeb"] },
      { ...order, caller: "ada", expected: PermissionDenied, clients: ["curlGrpc", "esConnect"] },
      {
        ...order,
        caller: "carol",
        expected: "ok",
        clients: ["curlConnect", "curlGrpc", "curlGrpcWeb", "grpcJs", "esConnect", "esGrpc", "esGrpcWeb"],
      },
    ],
  },
  {
    title: "a role and a scope",
    rows: [
      { ...cancel, caller: "ada", expected: PermissionDenied, clients: ["curlConnect"] },
      { ...cancel, caller: "samReadOnly", expected: PermissionDenied, clients: ["curlGrpc", "grpcJs", "esConnect"] },
      { ...cancel, caller: "sam", expected: "ok", clients: ["curlGrpcWeb", "grpcJs", "esConnect"] },
    ],
  },
  {
    title: "whose order is it? asked by code, where the table says yes",
    rows: [
      { ...order, ...stranger, caller: "carol", expected: PermissionDenied, clients: ["curlConnect", "grpcJs"] },
      { ...cancel, ...stranger, caller: "carol", expected: PermissionDenied, clients: ["curlGrpc", "esGrpcWeb"] },
      {
        ...cancel,
        caller: "carol",
        expected: "ok",
        clients: ["curlConnect", "curlGrpc", "grpcJs"],
        because: "order 1002 is carol's own",
      },
      {
        ...cancel,
        ...stranger,
        caller: "sam",
        expected: "ok",
        clients: ["esGrpc"],
        because: "support may cancel any order",
      },
    ],
  },
  {
    title: "a permission, which roles grant, and a condition: the caller's own branch",
    rows: [
      { ...north, caller: "anonymous", expected: Unauthenticated, clients: ["curlConnect"] },
      { ...north, caller: "carol", expected: PermissionDenied, clients: ["grpcJs", "esConnect"] },
      {
        ...north,
        caller: "sam",
        expected: "ok",
        clients: ["curlConnect", "grpcJs", "esGrpcWeb"],
        because: "sam works in the branch north",
      },
      {
        ...south,
        caller: "sam",
        expected: PermissionDenied,
        clients: ["curlGrpc", "grpcJs", "esConnect"],
        because: "sam works in the branch north, not south",
      },
      {
        method: getStock,
        caller: "ada",
        expected: PermissionDenied,
        clients: ["curlGrpcWeb"],
        because: "the request names no branch",
      },
      { ...count("north", 3), caller: "sam", expected: PermissionDenied, clients: ["curlConnect", "esGrpc"] },
      { ...count("south", 3), caller: "ada", expected: "ok", clients: ["grpcJs", "curlGrpc"] },
      {
        ...count("south", -1),
        caller: "ada",
        expected: PermissionDenied,
        clients: ["esConnect"],
        because: "an amount is below 0",
      },
    ],
  },
  {
    title: "tokens that are not what they should be",
    rows: [
      { ...order, caller: "malformed", expected: Unauthenticated, clients: ["curlConnect"] },
      { ...order, caller: "expired", expected: Unauthenticated, clients: ["curlGrpc", "esConnect"] },
      { ...order, caller: "otherAudience", expected: Unauthenticated, clients: ["grpcJs"] },
      { ...order, caller: "forged", expected: Unauthenticated, clients: ["curlGrpcWeb"] },
    ],
  },
  {
    title: "streams: from the server, from the client, both ways",
    rows: [
      { method: watchOrders, caller: "anonymous", expected: Unauthenticated, clients: ["grpcJs"] },
      { method: watchOrders, caller: "ada", expected: PermissionDenied, clients: ["esConnect"] },
      { method: watchOrders, caller: "sam", expected: "ok", clients: ["curlConnect", "grpcJs", "esConnect"] },
      { ...shipment, caller: "carol", expected: PermissionDenied, clients: ["grpcJs"] },
      { ...shipment, caller: "samReadOnly", expected: PermissionDenied, clients: ["curlGrpcWeb"] },
      { ...shipment, caller: "sam", expected: "ok", clients: ["curlGrpc", "esGrpcWeb", "esConnect"] },
      {
        method: importOrders,
        messages: [{ order: { id: "3000", customer: "dave" } }, { order: { id: "3001", customer: "sam" } }],
        caller: "sam",
        expected: PermissionDenied,
        clients: ["grpcJs", "curlGrpc"],
        because: "the second order is for sam, and nobody imports their own",
      },
      { ...talk, caller: "expired", expected: Unauthenticated, clients: ["curlGrpc"] },
      { ...talk, caller: "carol", expected: "ok", clients: ["curlConnect", "grpcJs", "esGrpc"] },
    ],
  },
  {
    title: "allow: anybody who is signed in",
    rows: [
      { method: getMe, caller: "anonymous", expected: Unauthenticated, clients: ["curlGrpc"] },
      { method: getMe, caller: "ada", expected: "ok", clients: ["curlConnect", "grpcJs"] },
    ],
  },
  {
    title: "another role, on a service that denies by default",
    rows: [
      { method: listUsers, caller: "carol", expected: PermissionDenied, clients: ["esGrpc"] },
      { method: listUsers, caller: "ada", expected: "ok", clients: ["esGrpc", "curlGrpcWeb"] },
    ],
  },
  {
    title: "deny, inherited from the service: nobody",
    rows: [
      { method: deleteUser, caller: "anonymous", expected: Unauthenticated, clients: ["curlConnect"] },
      { method: deleteUser, caller: "ada", expected: PermissionDenied, clients: ["curlConnect", "grpcJs"] },
    ],
  },
  {
    title: "nothing said in the proto: the server's own rules",
    rows: [
      { ...feedback, caller: "anonymous", expected: Unauthenticated, clients: ["curlConnect"] },
      { ...feedback, caller: "sam", expected: PermissionDenied, clients: ["esConnect"] },
      { ...feedback, caller: "carol", expected: "ok", clients: ["curlGrpc", "esConnect"] },
    ],
  },
  {
    title: "internal: the shop's other services, and no person",
    rows: [
      { ...purge, caller: "anonymous", expected: Unauthenticated, clients: ["curlConnect"] },
      { ...purge, caller: "sam", expected: Unauthenticated, clients: ["curlConnect", "grpcJs"] },
      { ...purge, caller: "ada", expected: Unauthenticated, clients: ["esGrpc"] },
      { ...purge, caller: "warehouse", expected: "ok", clients: ["grpcJs"] },
      { ...order, caller: "warehouse", expected: Unauthenticated, clients: ["grpcJs"] },
    ],
  },
];
