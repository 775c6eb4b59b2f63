import { by } from "./authentication.js";
import { condition, jwtWith, type Mistake, right, rule, shopWith, tablesWith } from "./mistake.js";

/** After these mistakes, calls are denied. */
export const deniedMistakes: Readonly<Record<string, readonly Mistake[]>> = {
  "no policy": [
    {
      wiring: right,
      method: "exportOrders",
      fix: { wiring: rule("exports", "ExportOrders") },
    },
    {
      wiring: shopWith(() => ({ policies: [] })),
      method: "exportOrders",
      fix: { wiring: right, method: "getOrder" },
    },
  ],
  "missing row": [
    {
      wiring: shopWith(async () => ({ policies: await tablesWith(({ GetOrder: _, ...others }) => others) })),
      fix: { wiring: right },
    },
  ],
  roles: [
    {
      wiring: right,
      method: "cancelOrder",
      headers: () => by({ realm_access: { roles: ["editor"] } }),
      fix: { wiring: jwtWith({ claimsMapping: { roles: "realm_access.roles" } }) },
    },
    {
      wiring: right,
      method: "cancelOrder",
      headers: () => by({ "https://example.com/roles": ["editor"] }),
      fix: { wiring: jwtWith({ claimsMapping: { roles: ["https://example.com/roles"] } }) },
    },
  ],
  role: [
    {
      wiring: right,
      method: "cancelOrder",
      headers: () => by({ roles: ["Editor"] }),
      fix: { headers: () => by({ roles: ["editor"] }) },
    },
  ],
  rule: [
    {
      wiring: rule("exports", "ExportOrder"),
      method: "exportOrders",
      fix: { wiring: rule("exports", "ExportOrders") },
    },
  ],
  "unreachable rule": [
    {
      wiring: rule("all", "CancelOrder"),
      method: "cancelOrder",
      fix: {
        wiring: shopWith(async () => ({
          policies: await tablesWith((rows) => ({
            ...rows,
            CancelOrder: { access: "requires", roles: [], scopes: [] },
          })),
        })),
      },
    },
  ],
  condition: [
    {
      wiring: shopWith(async () => ({
        policies: await tablesWith((rows) => ({
          ...rows,
          GetOrder: { access: "requires", roles: [], scopes: [], condition } as never,
        })),
      })),
      request: { id: "1" },
      fix: { headers: () => by({ tenant: "1" }) },
    },
  ],
};
