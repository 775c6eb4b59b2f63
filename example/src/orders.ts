/** A stored order. */
export interface StoredOrder {
  readonly id: string;
  /** Subject of the customer. */
  readonly customer: string;
  readonly product: string;
  readonly cancelled: boolean;
}

/** The shop's orders, in memory. */
export class Orders {
  readonly #byId = new Map<string, StoredOrder>();

  constructor(orders: readonly StoredOrder[]) {
    for (const order of orders) this.add(order);
  }

  add(order: StoredOrder): void {
    this.#byId.set(order.id, order);
  }

  find(id: string): StoredOrder | undefined {
    return this.#byId.get(id);
  }

  all(): StoredOrder[] {
    return [...this.#byId.values()];
  }

  /** Cancels an order and returns it. Returns undefined for an unknown id. */
  cancel(id: string): StoredOrder | undefined {
    const order = this.find(id);
    if (order === undefined) return undefined;
    const cancelled = { ...order, cancelled: true };
    this.add(cancelled);
    return cancelled;
  }

  /** Deletes cancelled orders and returns their number. */
  purge(): number {
    const cancelled = this.all().filter((order) => order.cancelled);
    for (const { id } of cancelled) this.#byId.delete(id);
    return cancelled.length;
  }
}

/** The initial orders. */
export function sampleOrders(): Orders {
  return new Orders([
    { id: "1001", customer: "carol", product: "Teapot", cancelled: false },
    { id: "1002", customer: "carol", product: "Tea cosy", cancelled: false },
    { id: "1003", customer: "dave", product: "Kettle", cancelled: false },
    { id: "1004", customer: "dave", product: "Sugar tongs", cancelled: false },
  ]);
}
