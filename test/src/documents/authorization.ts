import { Code, type Transport } from "@connectrpc/connect";
import { expect, vi } from "vitest";
import { createProject } from "../published/project.js";
import { by } from "./authentication.js";
import { foreignServices, serveWithForeign } from "./foreign-services.js";
import { installed, registry } from "./greeter.js";
import type { Runs } from "./runs.js";
import { call as callServer, clientOf, type MethodName, parts, snippet, type Wiring } from "./shop.js";

const missing = "Unauthenticated: Missing credentials";
const denied = "PermissionDenied: Access denied";

const people = {
  ada: { roles: ["viewer"], scopes: ["orders:write"] },
  bob: { roles: ["guest"], scopes: [] },
  eve: { roles: ["editor", "staff"], scopes: [] },
  root: { roles: ["admin"], scopes: ["orders:*"] },
};
type Person = keyof typeof people;
const as = (subject: Person, more = {}) => ({ authorization: `Bearer ${subject}`, ...more });

/** Calls a server whose tokens are names of people, behind the interceptors of a snippet. */
async function call(
  interceptors: NonNullable<Wiring["interceptors"]>,
  method: MethodName,
  headers: Readonly<Record<string, string>> = {},
  request: unknown = {},
  handlers = {},
): Promise<string> {
  const { runtime } = await parts();
  const authentication = runtime.createAuthInterceptor({
    verifyCredentials: (subject) => (Object.hasOwn(people, subject) ? { subject, ...people[subject as Person] } : null),
    optionalMethods: ["*"],
  });
  return callServer({ interceptors: [authentication, ...interceptors] }, method, headers, request, handlers);
}

type Chain = NonNullable<Wiring["interceptors"]>;
const authorizationOf = async (name: string): Promise<Chain> => [
  (await snippet<{ authorization: Chain[number] }>(name)).authorization,
];

export const authorization: Runs = {
  // The server of every other snippet serves this schema: `shop()` lints, formats and compiles it.
  async "proto/shop/v1/orders.proto"() {
    const { policies } = await parts();
    expect(policies).toEqual([
      {
        typeName: "shop.v1.OrderService",
        methods: {
          ListProducts: { access: "public" },
          GetOrder: { access: "requires", roles: [], scopes: [] },
          WatchOrder: { access: "requires", roles: [], scopes: [] },
          CancelOrder: { access: "requires", roles: ["editor"], scopes: [] },
          ImportOrders: { access: "requires", roles: [], scopes: ["orders:write"] },
          SettleOrders: { access: "internal", roles: [], scopes: [] },
          ExportOrders: { access: "unspecified" },
        },
      },
    ]);
  },

  async "src/rules.ts"() {
    const warn = vi.spyOn(console, "warn");
    const chain = await authorizationOf("src/rules.ts");
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    expect(await call(chain, "exportOrders", as("eve"))).toBe("eve");
    expect(await call(chain, "exportOrders", as("ada"))).toBe(denied);
    expect(await call(chain, "exportOrders", as("bob"))).toBe(denied);
    expect(await call(chain, "exportOrders")).toBe(missing);
  },

  async "src/typed-rules.ts"() {
    const { runtime, policies } = await parts();
    const { rules } = await snippet<Pick<import("@connectum/auth").CreateAuthOptions, "rules">>("src/typed-rules.ts");
    const chain = (more: object) => [
      runtime.createProtoAuthzInterceptor({ policies, defaultPolicy: "allow", ...more }),
    ];
    expect(await call(chain({ rules }), "exportOrders", as("root"))).toBe(denied);
    expect(await call(chain({}), "exportOrders", as("root"))).toBe("root");
  },

  async "src/authorize.ts"() {
    const chain = await authorizationOf("src/authorize.ts");
    expect(await call(chain, "exportOrders", as("eve"), { format: "csv" })).toBe("eve");
    expect(await call(chain, "exportOrders", as("ada"), { format: "csv" })).toBe(denied);
    expect(await call(chain, "exportOrders", as("ada", { "x-tenant": "shop" }), { format: "json" })).toBe("ada");
    expect(await call(chain, "exportOrders", as("ada"), { format: "json" })).toBe(denied);
  },

  async "src/own-orders.ts"() {
    const chain = await authorizationOf("src/own-orders.ts");
    expect(await call(chain, "getOrder", as("ada"), { id: "1" })).toBe("ada");
    expect(await call(chain, "getOrder", as("eve"), { id: "1" })).toBe(denied);
    expect(await call(chain, "getOrder", as("ada"), { id: "2" })).toBe(denied);
    expect(await call(chain, "watchOrder", as("ada"), { id: "1" })).toBe("ada");
    expect(await call(chain, "watchOrder", as("eve"), { id: "1" })).toBe(denied);
    const inShop = { "x-tenant": "shop" };
    const send = async function* (...customers: string[]) {
      for (const customerId of customers) yield { customerId };
    };
    const stream = (...customers: string[]) => ({ [Symbol.asyncIterator]: () => send(...customers) });
    expect(await call(chain, "importOrders", as("ada", inShop), stream("ada", "ada"))).toBe("ada");
    expect(await call(chain, "importOrders", as("ada", inShop), stream("ada", "eve"))).toBe(denied);
    expect(await call(chain, "importOrders", as("ada"), stream("ada"))).toBe(denied);
    expect(await call(chain, "importOrders", as("eve", inShop), stream("eve"))).toBe(denied);
  },

  async "src/roles.ts"() {
    const chain = await authorizationOf("src/roles.ts");
    const none = { [Symbol.asyncIterator]: async function* () {} };
    expect(await call(chain, "cancelOrder", as("root"))).toBe("root");
    expect(await call(chain, "cancelOrder", as("ada"))).toBe(denied);
    expect(await call(chain, "importOrders", as("root"), none)).toBe("root");
    expect(await call(chain, "importOrders", as("eve"), none)).toBe(denied);
  },

  async "src/audit.ts"() {
    const chain = await authorizationOf("src/audit.ts");
    const { auditLog } = await snippet<{ auditLog: string[] }>("src/audit.ts");
    for (const headers of [as("eve"), as("ada"), {}]) await call(chain, "cancelOrder", headers);
    // Each call goes over two protocols.
    expect([...new Set(auditLog)]).toEqual([
      "allow eve shop.v1.OrderService/CancelOrder by table: ok",
      "deny ada shop.v1.OrderService/CancelOrder by table: missing-role",
      "deny anonymous shop.v1.OrderService/CancelOrder by table: unauthenticated",
    ]);
  },

  async "src/report.ts"() {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const chain = await authorizationOf("src/report.ts");
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    const { wouldBeDenied } = await snippet<{ wouldBeDenied: string[] }>("src/report.ts");
    expect(await call(chain, "cancelOrder", as("ada"))).toBe("ada");
    expect(await call(chain, "cancelOrder", as("eve"))).toBe("eve");
    expect([...new Set(wouldBeDenied)]).toEqual(["shop.v1.OrderService/CancelOrder: missing-role"]);
  },

  async "src/error-handler.ts"() {
    const { runtime, policies } = await parts();
    const { denials, errorHandler } = await snippet<{ denials: unknown[]; errorHandler: Chain[number] }>(
      "src/error-handler.ts",
    );
    const authentication = runtime.createAuthInterceptor({ verifyCredentials: () => ({ subject: "ada" }) });
    const interceptors = [errorHandler, authentication, runtime.createProtoAuthzInterceptor({ policies })];
    expect(await callServer({ interceptors }, "cancelOrder", as("ada"))).toBe(denied);
    expect(denials[0]).toMatchObject({ subject: "ada", reason: "missing-role", requiredRoles: ["editor"] });
    expect(await callServer({ interceptors }, "getOrder", as("ada"))).toBe("ada");
  },

  async "src/assert.ts"() {
    const chain = [(await parts()).runtime.createProtoAuthzInterceptor({ policies: (await parts()).policies })];
    const { orderService } = await snippet<{ orderService: object }>("src/assert.ts");
    expect(await call(chain, "cancelOrder", as("eve"), {}, orderService)).toBe("ok");
    expect(await call([], "cancelOrder", as("eve"), {}, orderService)).toMatch(/^Internal: /);
  },

  async "src/coverage.ts"() {
    const { coverage } = await snippet<{ coverage: unknown }>("src/coverage.ts");
    expect(coverage).toEqual({ missing: [], stale: [], extra: [] });
  },

  async "src/buttons.ts"() {
    const { showsCancelButton } = await snippet<{
      showsCancelButton(user: { roles: string[] } | undefined): boolean;
    }>("src/buttons.ts");
    expect(["admin", "editor", "viewer"].map((role) => showsCancelButton({ roles: [role] }))).toEqual([
      true,
      true,
      false,
    ]);
    expect(showsCancelButton(undefined)).toBe(false);
  },

  async "src/own-interceptors.ts"() {
    const { audited, transport } = await snippet<{ audited: readonly string[]; transport: Transport }>(
      "src/own-interceptors.ts",
    );
    const client = await clientOf(transport);
    await client.cancelOrder({}, { headers: as("ada") });
    await expect(client.cancelOrder({}, {})).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect(audited).toEqual(["CancelOrder"]);
  },

  async "src/wiring.ts"() {
    const { OrderService } = await parts();
    const { methods } = await snippet<{ methods: readonly string[] }>("src/wiring.ts");
    expect(methods).toHaveLength(OrderService.methods.length);
  },

  async "src/probes.ts"() {
    const { probes } = await snippet<{ probes: readonly import("@connectum/auth").ServicePolicy[] }>("src/probes.ts");
    const { Health, ServerReflection } = await foreignServices();
    for (const { typeName, methods } of [Health, ServerReflection]) {
      const table = probes.find((table) => table.typeName === typeName);
      expect(Object.keys(table?.methods ?? {}).sort()).toEqual(methods.map(({ name }) => name).sort());
    }
  },

  async "src/with-probes.ts"() {
    const developer = await by({ roles: ["developer"] });
    const warn = vi.spyOn(console, "warn");
    const { auth } = await snippet<{ auth: Wiring }>("src/with-probes.ts");
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    const server = await serveWithForeign(auth);
    expect(await server.check()).toBe("ok");
    expect(await server.check({ authorization: "Bearer garbage" })).toBe("ok");
    expect(await server.reflect()).toContain("you are not authenticated");
    expect(await server.reflect(await by({}))).toContain("permission_denied");
    expect(await server.reflect(developer)).toBe(
      "grpc.health.v1.Health\ngrpc.reflection.v1.ServerReflection\nshop.v1.OrderService\n",
    );
    server.close();
    // Without a table, the same services are closed.
    const closed = await serveWithForeign((await snippet<{ auth: Wiring }>("src/jwt.ts")).auth);
    expect(await closed.check()).toBe(missing);
    expect(await closed.check(developer)).toBe(denied);
    closed.close();
  },

  async "proto/grpc/health/v1/health.proto"(text) {
    const { runtime, policies } = await parts();
    const project = createProject(await registry(), await installed());
    project.write("package.json", '{ "type": "module" }');
    project.write("proto/grpc/health/v1/health.proto", text);
    const plugins = [{ local: "protoc-gen-connectum-auth", out: "gen", opt: "target=js", strategy: "all" }];
    const template = JSON.stringify({ version: "v2", plugins });
    await project.use(`connectum-auth-proto proto && buf generate proto --template '${template}'`);
    const { HealthPolicy } = await project.import<{ HealthPolicy: import("@connectum/auth").ServicePolicy }>(
      "gen/grpc/health/v1/health_auth.js",
    );
    const authenticate = runtime.credentials({ verifyCredentials: () => null });
    const server = await serveWithForeign(runtime.createAuth({ policies: [...policies, HealthPolicy], authenticate }));
    expect(await server.check()).toBe("ok");
    expect(await server.reflect()).toContain("you are not authenticated");
    server.close();
    const { probes } = await snippet<{ probes: typeof policies }>("src/probes.ts");
    expect(() => runtime.createAuth({ policies: [HealthPolicy, ...probes], authenticate })).toThrow(TypeError);
    project.remove();
  },
};
