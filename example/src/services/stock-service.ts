import type { ServiceImpl } from "@connectrpc/connect";
import { requireAuthContext } from "@connectum/auth";
import type { StockService } from "../gen/shop/v1/stock_pb.js";

/** The stock of every branch, in memory. */
export function createStockService(): ServiceImpl<typeof StockService> {
  const stock = new Map([
    ["north", [{ product: "Teapot", amount: 4 }]],
    ["south", [{ product: "Kettle", amount: 2 }]],
  ]);
  return {
    getStock: ({ branch }) => ({ items: stock.get(branch) ?? [], caller: requireAuthContext().subject }),

    countStock({ branch, items }) {
      const counted = items.map(({ product, amount }) => ({ product, amount }));
      stock.set(branch, counted);
      return { items: counted, caller: requireAuthContext().subject };
    },
  };
}
