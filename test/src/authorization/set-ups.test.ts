import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { createAuthInterceptor, createProtoAuthzInterceptor } from "@connectum/auth";
import { describe, expect, test, vi } from "vitest";
import { OrderService } from "../gen/shop/v1/orders_pb.js";
import { as, outcome, streamOf } from "./callers.js";
import { policies } from "./set-ups/gen/auth_policies.js";

const document = new URL("../../../docs/authorization.md", import.meta.url);
const folder = new URL("./set-ups/", import.meta.url);

test("the document shows the set-ups as they are, every one of them", () => {
  const text = readFileSync(document, "utf8");
  const shown: string[] = [];
  const current = text.replace(/```ts (\S+)\n[^`]*(?:`[^`]+)*?```/g, (_, name: string) => {
    shown.push(name);
    return `\`\`\`ts ${name}\n${readFileSync(new URL(name, folder), "utf8")}\`\`\``;
  });
  // `UPDATE_DOCS=1` writes the set-ups into the document.
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(document, current);
  expect(text).toBe(current);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "orders.ts");
  expect(shown.sort()).toEqual(files.sort());
});

const people: Readonly<Record<string, { roles: string[]; scopes: string[] }>> = {
  ada: { roles: ["viewer"], scopes: ["orders:write"] },
  bob: { roles: ["guest"], scopes: [] },
  eve: { roles: ["editor", "staff"], scopes: [] },
  root: { roles: ["admin"], scopes: ["orders:*"] },
};

function shop(...interceptors: Interceptor[]) {
  const authentication = createAuthInterceptor({
    verifyCredentials: (subject) => people[subject] && { subject, ...people[subject] },
    optionalMethods: ["*"],
  });
  const transport = createRouterTransport(
    ({ service }) =>
      service(OrderService, {
        getOrder: ({ id }) => ({ id }),
        async *watchOrder({ id }) {
          yield { id };
        },
        cancelOrder: () => ({}),
        async importOrders(requests) {
          let count = 0;
          for await (const _ of requests) count++;
          return { count };
        },
        exportOrders: () => ({}),
      }),
    { router: { interceptors: [authentication, ...interceptors] } },
  );
  return createClient(OrderService, transport);
}

const denied = "PermissionDenied";
const by = (subject: string, more = {}) => ({ headers: { ...as(subject), ...more } });

describe("the set-ups do what the document says", () => {
  test("own interceptors, and the check of the wiring", async () => {
    const { audited, transport } = await import("./set-ups/own-interceptors.js");
    const client = createClient(OrderService, transport);
    expect(await outcome(client.cancelOrder({}, by("ada")))).toBe("ok");
    expect(await outcome(client.cancelOrder({}))).toBe("Unauthenticated");
    expect(audited).toEqual(["CancelOrder"]);
    const { methods } = await import("./set-ups/wiring.js");
    expect(methods).toHaveLength(OrderService.methods.length);
  });

  test("rules", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { authorization } = await import("./set-ups/rules.js");
    expect(warn.mock.calls).toEqual([[expect.stringContaining('"grpc.health.v1.Health/*" matches no method')]]);
    warn.mockRestore();
    const client = shop(authorization);
    expect(await outcome(client.exportOrders({}, by("eve")))).toBe("ok");
    expect(await outcome(client.exportOrders({}, by("ada")))).toBe(denied);
    expect(await outcome(client.exportOrders({}, by("bob")))).toBe(denied);
    expect(await outcome(client.exportOrders({}))).toBe("Unauthenticated");
  });

  test("typed rules", async () => {
    const { rules } = await import("./set-ups/typed-rules.js");
    const frozen = shop(createProtoAuthzInterceptor({ policies, rules, defaultPolicy: "allow" }));
    expect(await outcome(frozen.exportOrders({}, by("root")))).toBe(denied);
    const open = shop(createProtoAuthzInterceptor({ policies, defaultPolicy: "allow" }));
    expect(await outcome(open.exportOrders({}, by("root")))).toBe("ok");
  });

  test("authorize", async () => {
    const client = shop((await import("./set-ups/authorize.js")).authorization);
    expect(await outcome(client.exportOrders({ format: "csv" }, by("eve")))).toBe("ok");
    expect(await outcome(client.exportOrders({ format: "csv" }, by("ada")))).toBe(denied);
    expect(await outcome(client.exportOrders({ format: "json" }, by("ada", { "x-tenant": "shop" })))).toBe("ok");
    expect(await outcome(client.exportOrders({ format: "json" }, by("ada")))).toBe(denied);
  });

  test("own orders", async () => {
    const client = shop((await import("./set-ups/own-orders.js")).authorization);
    expect(await outcome(client.getOrder({ id: "1" }, by("ada")))).toBe("ok");
    expect(await outcome(client.getOrder({ id: "1" }, by("eve")))).toBe(denied);
    expect(await outcome(client.getOrder({ id: "2" }, by("ada")))).toBe(denied);
    expect(await outcome(client.watchOrder({ id: "1" }, by("ada")))).toBe("ok");
    expect(await outcome(client.watchOrder({ id: "1" }, by("eve")))).toBe(denied);
    const imported = (subject: string, customerId: string, header = {}) =>
      outcome(client.importOrders(streamOf({ customerId: subject }, { customerId }), by(subject, header)));
    expect(await imported("ada", "ada", { "x-tenant": "shop" })).toBe("ok");
    expect(await imported("ada", "eve", { "x-tenant": "shop" })).toBe(denied);
    expect(await imported("ada", "ada")).toBe(denied);
    expect(await imported("eve", "eve", { "x-tenant": "shop" })).toBe(denied);
  });

  test("roles", async () => {
    const client = shop((await import("./set-ups/roles.js")).authorization);
    expect(await outcome(client.cancelOrder({}, by("root")))).toBe("ok");
    expect(await outcome(client.cancelOrder({}, by("ada")))).toBe(denied);
    expect(await outcome(client.importOrders(streamOf({}), by("root")))).toBe("ok");
    expect(await outcome(client.importOrders(streamOf({}), by("eve")))).toBe(denied);
  });

  test("audit", async () => {
    const { auditLog, authorization } = await import("./set-ups/audit.js");
    const client = shop(authorization);
    await outcome(client.cancelOrder({}, by("eve")));
    await outcome(client.cancelOrder({}, by("ada")));
    await outcome(client.cancelOrder({}));
    expect(auditLog).toEqual([
      "allow eve shop.v1.OrderService/CancelOrder by table: ok",
      "deny ada shop.v1.OrderService/CancelOrder by table: missing-role",
      "deny anonymous shop.v1.OrderService/CancelOrder by table: unauthenticated",
    ]);
  });

  test("report", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { authorization, wouldBeDenied } = await import("./set-ups/report.js");
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    const client = shop(authorization);
    expect(await outcome(client.cancelOrder({}, by("ada")))).toBe("ok");
    expect(await outcome(client.cancelOrder({}, by("eve")))).toBe("ok");
    expect(wouldBeDenied).toEqual(["shop.v1.OrderService/CancelOrder: missing-role"]);
  });

  test("an error handler", async () => {
    const { denials, errorHandler } = await import("./set-ups/error-handler.js");
    const client = shop(errorHandler, createProtoAuthzInterceptor({ policies }));
    expect(await outcome(client.cancelOrder({}, by("ada")))).toBe(denied);
    expect(denials).toMatchObject([{ subject: "ada", reason: "missing-role", requiredRoles: ["editor"] }]);
    expect(await outcome(client.cancelOrder({}, by("eve")))).toBe("ok");
  });

  test("assertAuthorized", async () => {
    const { orderService } = await import("./set-ups/assert.js");
    const cancel = (interceptors: Interceptor[]) => {
      const transport = createRouterTransport(({ service }) => service(OrderService, orderService), {
        router: { interceptors },
      });
      return outcome(createClient(OrderService, transport).cancelOrder({}));
    };
    const open = [{ typeName: "shop.v1.OrderService", methods: { CancelOrder: { access: "public" } } }] as const;
    expect(await cancel([createProtoAuthzInterceptor({ policies: open })])).toBe("ok");
    expect(await cancel([])).toBe("Internal");
  });

  test("coverage", async () => {
    expect((await import("./set-ups/coverage.js")).coverage).toEqual({ missing: [], stale: [], extra: [] });
  });

  test("buttons", async () => {
    const { showsCancelButton } = await import("./set-ups/buttons.js");
    expect(["admin", "editor", "viewer"].map((role) => showsCancelButton({ roles: [role] }))).toEqual([
      true,
      true,
      false,
    ]);
    expect(showsCancelButton(undefined)).toBe(false);
  });
});
