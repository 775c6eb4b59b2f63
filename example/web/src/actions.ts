import { createClient } from "@connectrpc/connect";
import { can, type MethodOf, type MethodPolicy, type ServicePolicy } from "@connectum/auth/policy";
import { OrderServicePolicy } from "../../src/gen/shop/v1/order_auth.js";
import { OrderService } from "../../src/gen/shop/v1/order_pb.js";
import { UserServicePolicy } from "../../src/gen/shop/v1/user_auth.js";
import { UserService } from "../../src/gen/shop/v1/user_pb.js";
import { cancelOrder, watchOrders } from "./orders.js";
import type { Session } from "./session.js";

/** An action of the page. */
export interface Action {
  readonly label: string;
  /** Name of the method in the schema. */
  readonly method: string;
  readonly row: MethodPolicy;
  /** True if the page offers the action. The server decides again, with the same row. */
  isOffered(session: Session): boolean;
  /** Calls the server and returns the text of its response. */
  run(session: Session): Promise<string>;
}

export const actions: readonly Action[] = [
  action(OrderServicePolicy, "ListProducts", "What do you sell?", async ({ transport }) =>
    (await createClient(OrderService, transport).listProducts({})).products.join(", "),
  ),
  action(OrderServicePolicy, "WatchOrders", "List orders", async (session) => {
    const ids: string[] = [];
    for await (const { id } of watchOrders(session)) ids.push(id);
    return ids.join(", ");
  }),
  action(OrderServicePolicy, "GetOrder", "Show Dave's order", async ({ transport }) => {
    const { order } = await createClient(OrderService, transport).getOrder({ id: "1003" });
    return `${order?.product} for ${order?.customer}`;
  }),
  action(OrderServicePolicy, "CancelOrder", "Cancel order 1002", async (session) => {
    await cancelOrder(session, "1002");
    return "cancelled";
  }),
  action(UserServicePolicy, "GetMe", "Who am I?", async ({ transport }) => {
    const { name, caller } = await createClient(UserService, transport).getMe({});
    return `${name} (${caller})`;
  }),
  action(UserServicePolicy, "ListUsers", "List accounts", async ({ transport }) =>
    (await createClient(UserService, transport).listUsers({})).subjects.join(", "),
  ),
  action(UserServicePolicy, "DeleteUser", "Delete Sam's account", async ({ transport }) => {
    await createClient(UserService, transport).deleteUser({ subject: "sam" });
    return "deleted";
  }),
  action(OrderServicePolicy, "PurgeOrders", "Purge cancelled orders", async ({ transport }) => {
    const { purged } = await createClient(OrderService, transport).purgeOrders({});
    return `${purged} purged`;
  }),
];

function action<T extends ServicePolicy>(policy: T, method: MethodOf<T>, label: string, run: Action["run"]): Action {
  const row: MethodPolicy = policy.methods[method] ?? { access: "deny" };
  return { label, method, row, isOffered: ({ person }) => can<ServicePolicy>(policy, method, person), run };
}
