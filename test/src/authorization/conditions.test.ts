import { createContextValues, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  authorizeMethods,
  type CreateAuthOptions,
  createAuth,
  type DecisionEvent,
  type ServicePolicy,
} from "@connectum/auth";
import type { MethodPolicy, PolicyCondition } from "@connectum/auth/policy";
import { describe, expect, test, vi } from "vitest";
import { DocumentServicePolicy } from "../gen/tenancy/v1/tenancy_auth.js";
import { DocumentService } from "../gen/tenancy/v1/tenancy_pb.js";
import { asCaller, jsonScheme, tenancyClients, tenancyRoutes } from "../support/tenancy.js";
import { outcome, serviceScheme } from "./callers.js";

const onlyAcme: PolicyCondition = {
  cel: "request.tenant_id == 'acme'",
  holds: (_, request: { readonly tenantId: string }) => request.tenantId === "acme",
};

/** The document service, whose method Purge has this row. */
function start(row: MethodPolicy, options: Partial<CreateAuthOptions> = {}) {
  const events: DecisionEvent[] = [];
  const table: ServicePolicy = { ...DocumentServicePolicy, methods: { ...DocumentServicePolicy.methods, Purge: row } };
  const auth = createAuth({
    policies: [table],
    authenticate: jsonScheme,
    onDecision: (event) => void events.push(event),
    ...options,
  });
  const { documents } = tenancyClients(createRouterTransport(tenancyRoutes({ texts: [] }), { router: auth }));
  const purge = (tenantId: string, identity: object | null = {}, headers: HeadersInit = {}) =>
    outcome(
      documents.purge(
        { tenantId },
        { headers: identity === null ? headers : asCaller({ subject: "ada", ...identity }) },
      ),
    );
  return { auth, events, purge };
}

describe("a condition in front of the other parts", () => {
  const requires = { access: "requires", roles: ["admin"], scopes: [] } as const;

  test("the table refuses first, and the condition refuses what it lets through", async () => {
    const { purge, events } = start({ ...requires, condition: onlyAcme });
    expect(await purge("acme", { roles: ["admin"] })).toBe("ok");
    expect(await purge("globex", { roles: ["admin"] })).toBe("PermissionDenied");
    expect(await purge("acme", {})).toBe("PermissionDenied");
    expect(await purge("acme", null)).toBe("Unauthenticated");
    await expect.poll(() => events.length).toBe(4);
    expect(events.map(({ decidedBy, reason }) => [decidedBy, reason])).toEqual([
      ["condition", undefined],
      ["condition", "condition"],
      ["table", "missing-role"],
      ["authentication", "unauthenticated"],
    ]);
  });

  test("checks run after it, and not if it refuses", async () => {
    const purged = vi.fn(() => true);
    const { purge } = start(
      { ...requires, condition: onlyAcme },
      { checks: [authorizeMethods(DocumentService, { purge: purged })] },
    );
    expect(await purge("globex", { roles: ["admin"] })).toBe("PermissionDenied");
    expect(purged).not.toHaveBeenCalled();
    expect(await purge("acme", { roles: ["admin"] })).toBe("ok");
    expect(purged).toHaveBeenCalledOnce();
  });

  test("`allow` with a condition needs a caller, and the condition", async () => {
    const { purge } = start({ access: "allow", condition: onlyAcme }, { optionalMethods: ["*"] });
    expect(await purge("acme")).toBe("ok");
    expect(await purge("globex")).toBe("PermissionDenied");
    expect(await purge("acme", null)).toBe("Unauthenticated");
  });

  test("an unspecified method with a condition: rules and `authorize` decide the rest", async () => {
    const row = { access: "unspecified", condition: onlyAcme } as const;
    const rules = [
      { name: "staff", effect: "allow", methods: ["tenancy.v1.DocumentService/Purge"], requires: { roles: ["staff"] } },
    ] as const;
    const byRule = start(row, { rules });
    expect(await byRule.purge("acme", { roles: ["staff"] })).toBe("ok");
    expect(await byRule.purge("globex", { roles: ["staff"] })).toBe("PermissionDenied");
    expect(await byRule.purge("acme")).toBe("PermissionDenied");
    const authorize = vi.fn(() => true);
    const byCode = start(row, { authorize });
    expect(await byCode.purge("globex")).toBe("PermissionDenied");
    expect(authorize).not.toHaveBeenCalled();
    expect(await byCode.purge("acme")).toBe("ok");
    expect(await start(row, { defaultPolicy: "allow" }).purge("globex")).toBe("PermissionDenied");
    expect(await start(row, { defaultPolicy: "allow" }).purge("acme")).toBe("ok");
    expect(await start(row).purge("acme")).toBe("PermissionDenied");
  });

  test("an internal method with a condition", async () => {
    const row = { access: "internal", roles: [], scopes: [], condition: onlyAcme } as const;
    const { purge } = start(row, { internal: serviceScheme });
    const service = { "x-service-token": "service" };
    expect(await purge("acme", null, service)).toBe("ok");
    expect(await purge("globex", null, service)).toBe("PermissionDenied");
    expect(await purge("acme")).toBe("Unauthenticated");
  });
});

describe("a condition that throws or does not answer true refuses", () => {
  test.each([
    {
      name: "throws",
      holds: () => {
        throw new Error("x");
      },
    },
    { name: "1", holds: () => 1 },
    { name: "a promise of true", holds: async () => true },
    { name: "undefined", holds: () => undefined },
  ])("$name", async ({ holds }) => {
    const condition = { cel: "x", holds } as unknown as PolicyCondition;
    const { purge } = start({ access: "requires", roles: [], scopes: [], condition });
    expect(await purge("acme")).toBe("PermissionDenied");
    const admits = { cel: "x", admits: holds, holds: () => true } as unknown as PolicyCondition;
    expect(await start({ access: "requires", roles: [], scopes: [], condition: admits }).purge("acme")).toBe(
      "PermissionDenied",
    );
  });
});

describe("a row that is no generated one is refused", () => {
  const requires = { access: "requires", roles: [], scopes: [] };
  const holds = () => true;
  test.each([
    { name: "a condition without function", row: { ...requires, condition: { cel: "x" } } },
    { name: "a condition as a text", row: { ...requires, condition: "x" } },
    { name: "an undefined condition", row: { ...requires, condition: undefined } },
    { name: "an unknown member of a condition", row: { ...requires, condition: { cel: "x", holds, or: holds } } },
    { name: "`admits` that is no function", row: { ...requires, condition: { cel: "x", holds, admits: true } } },
    {
      name: "`readsPermissions: false`",
      row: { ...requires, condition: { cel: "x", holds, readsPermissions: false } },
    },
    { name: "a public method with a condition", row: { access: "public", condition: { cel: "x", holds } } },
    { name: "a resource without accessor", row: { ...requires, resource: { path: "x" } } },
    { name: "a resource as a text", row: { ...requires, resource: "x" } },
    { name: "permissions as a text", row: { ...requires, permissions: "x" } },
    { name: "an empty permission", row: { ...requires, permissions: [""] } },
    { name: "undefined permissions", row: { ...requires, permissions: undefined } },
    { name: "permissions of `allow`", row: { access: "allow", permissions: ["x"] } },
    { name: "an inherited condition", row: Object.create({ ...requires, condition: { cel: "x", holds } }) },
  ])("$name", ({ row }) => {
    expect(() => start(row as never)).toThrow("not a row");
  });

  test("and a later change of a condition has no effect", async () => {
    const condition = { ...onlyAcme };
    const { purge } = start({ access: "requires", roles: [], scopes: [], condition });
    Object.assign(condition, { holds: () => true });
    expect(await purge("globex")).toBe("PermissionDenied");
  });
});

describe("report mode", () => {
  test("lets calls through, reports the condition, and waits for no question", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const requires = { access: "requires", roles: [], scopes: [], permissions: ["docs.purge"] } as const;
    const condition = start({ access: "requires", roles: [], scopes: [], condition: onlyAcme }, { mode: "report" });
    expect(await condition.purge("globex")).toBe("ok");
    await expect.poll(() => condition.events.length).toBe(1);
    expect(condition.events[0]).toMatchObject({ effect: "deny", decidedBy: "condition", enforced: false });
    const hanging = start(requires, { mode: "report", grants: () => new Promise<string[]>(() => {}) });
    expect(await hanging.purge("acme")).toBe("ok");
    warn.mockRestore();
  });
});

describe("report mode refuses a credential that was revoked on the way", () => {
  test.each([
    { name: "a check that refuses at once", row: { condition: onlyAcme }, options: {} },
    { name: "a check that takes long", row: { permissions: ["docs.purge"] }, options: { grants: async () => [] } },
  ])("$name", async ({ row, options }) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { auth } = start({ access: "requires", roles: [], scopes: [], ...row }, { mode: "report", ...options });
    const [authentication, authorization] = auth.interceptors as [Interceptor, Interceptor];
    const revoke: Interceptor = (next) => async (req) => {
      if (req.header.has("x-revoke")) await auth.revoke({ subject: "ada" });
      return next(req);
    };
    const interceptors = [authentication, revoke, authorization];
    const transport = createRouterTransport(tenancyRoutes({ texts: [] }), { router: { interceptors } });
    const purge = (headers: object) =>
      outcome(tenancyClients(transport).documents.purge({ tenantId: "globex" }, { headers: { ...headers } }));
    const headers = asCaller({ subject: "ada" });
    expect(await purge(headers)).toBe("ok");
    expect(await purge({ ...headers, "x-revoke": "1" })).toBe("Unauthenticated");
    warn.mockRestore();
  });
});

describe("the gate with a function in `grants`", () => {
  const contextOf = (identity: object) => ({
    method: DocumentService.method.read,
    requestHeader: new Headers(asCaller({ subject: "ada", ...identity })),
    values: createContextValues(),
    signal: new AbortController().signal,
  });
  const pass = async (grants: CreateAuthOptions["grants"]) => {
    const { auth } = start({ access: "deny" }, { grants: grants ?? {} });
    await auth.requestGate(contextOf({}) as never);
  };

  test("refuses before the message is read", async () => {
    await expect(pass(() => [])).rejects.toThrow("[permission_denied] Access denied");
    await expect(pass(async () => [])).rejects.toThrow("[permission_denied] Access denied");
    await expect(pass(() => Promise.reject(new Error("down")))).rejects.toThrow("[unavailable]");
    await expect(pass(async () => ["docs.read"])).resolves.toBeUndefined();
    await expect(pass(() => new Set(["docs.read"]))).resolves.toBeUndefined();
  });
});
