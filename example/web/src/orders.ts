import { createClient } from "@connectrpc/connect";
import { can } from "@connectum/auth/policy";
import { OrderServicePolicy } from "../../src/gen/shop/v1/order_auth.js";
import { type Order, OrderService } from "../../src/gen/shop/v1/order_pb.js";
import { button, element } from "./element.js";
import type { Session } from "./session.js";

export async function* watchOrders({ transport }: Session): AsyncIterable<Order> {
  for await (const { order } of createClient(OrderService, transport).watchOrders({})) {
    if (order !== undefined) yield order;
  }
}

export async function cancelOrder({ transport }: Session, id: string): Promise<void> {
  await createClient(OrderService, transport).cancelOrder({ id });
}

/** Shows the orders, with a cancel button for permitted callers. */
export async function renderOrders(session: Session, onCancel: (id: string) => void): Promise<HTMLElement> {
  if (!can(OrderServicePolicy, "WatchOrders", session.person)) {
    return element("p", { class: "hint" }, "Orders are not shown to you.");
  }
  const mayCancel = can(OrderServicePolicy, "CancelOrder", session.person);
  const rows = element("tbody", {});
  for await (const { id, product, customer, cancelled } of watchOrders(session)) {
    const control = mayCancel && !cancelled ? button("Cancel", { "data-cancel": id }, () => onCancel(id)) : "";
    rows.append(
      element(
        "tr",
        cancelled ? { class: "cancelled" } : {},
        ...[id, product, customer, cancelled ? "cancelled" : "open", control].map((cell) => element("td", {}, cell)),
      ),
    );
  }
  const head = ["Order", "Product", "Customer", "State", ""].map((title) => element("th", {}, title));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), rows);
}
