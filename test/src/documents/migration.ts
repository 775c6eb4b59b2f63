import { createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { type Auth, setAuthHeaders } from "@connectum/auth";
import { createMockAuthContext, startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { expect } from "vitest";
import { outcome } from "../support/call.js";
import { blocksOf } from "./blocks.js";
import { once } from "./once.js";
import { pageProject } from "./page-project.js";
import type { Runs } from "./runs.js";

const document = "docs/migration.md";
const secret = "secret-of-the-gateway".repeat(2);

let keySet: TestKeySet | undefined;

/** The project of the page, compiled. */
const project = pageProject(document, {
  "src/parts.ts": `export { OrderService } from "./gen/orders/v1/orders_pb.js";\n`,
});

const orders = once(async () => {
  keySet = await startTestKeySet();
  process.env["JWKS_URI"] = keySet.jwksUri;
  process.env["GATEWAY_SECRET"] = secret;
  return project();
});

export async function removeOrders(): Promise<void> {
  (await orders()).remove();
  await keySet?.close();
}

type Service = import("@bufbuild/protobuf").DescService;
type Method = "listProducts" | "getOrder" | "deleteOrder";

/** Calls a server with the given options. Returns what the client receives: the code, or the subject. */
async function callerOf(router: Partial<Auth>) {
  const { OrderService } = await (await orders()).import<{ OrderService: Service }>("dist/parts.js");
  const handlers = Object.fromEntries(OrderService.methods.map(({ localName }) => [localName, () => ({})]));
  const transport = createRouterTransport((routes) => void routes.service(OrderService, handlers as never), { router });
  const client = createClient(OrderService, transport) as unknown as Readonly<
    Record<Method, (request: object, options: object) => Promise<object>>
  >;
  return async (method: Method, headers: HeadersInit = {}) =>
    (await outcome(client[method]({}, { headers }).then(() => "answered"))).code;
}

async function as(...roles: string[]): Promise<Record<string, string>> {
  await orders();
  const claims = { sub: "ada", iss: "https://login.example.com", aud: "orders", realm_access: { roles } };
  return { authorization: `Bearer ${await keySet?.sign(claims)}` };
}

/** The calls that the schema decides, whichever code reads it. */
async function checkCalls(call: Awaited<ReturnType<typeof callerOf>>): Promise<void> {
  expect(await call("listProducts")).toBe("ok");
  expect(await call("getOrder")).toBe("Unauthenticated");
  expect(await call("getOrder", await as())).toBe("ok");
  expect(await call("deleteOrder")).toBe("Unauthenticated");
  expect(await call("deleteOrder", await as("user"))).toBe("PermissionDenied");
  expect(await call("deleteOrder", await as("admin"))).toBe("ok");
}

const linesOf = (name: string) =>
  (blocksOf(document).find((block) => block.name === name)?.text ?? "").trimEnd().split("\n");

export const migration: Runs = {
  async "proto/orders/v1/orders.proto"() {
    const project = await orders();
    expect(project.read("src/gen/orders/v1/orders_auth.ts")).toContain("export const OrderServicePolicy");
  },

  async before() {
    const [before, after] = [linesOf("before"), linesOf("src/interceptors.ts")];
    const changed = before.filter((line) => !after.includes(line)).length;
    const lines = before.filter((line) => line !== "").length;
    const text = (await import("node:fs")).readFileSync(new URL(`../../../${document}`, import.meta.url), "utf8");
    expect(text).toContain(`That is a change of ${changed} of its ${lines} lines.`);
  },

  async "src/interceptors.ts"() {
    const { interceptors } = await (await orders()).import<{ interceptors: Interceptor[] }>("dist/interceptors.js");
    await checkCalls(await callerOf({ interceptors }));
  },

  async "src/auth.ts"() {
    const { auth } = await (await orders()).import<{ auth: Auth }>("dist/auth.js");
    await checkCalls(await callerOf(auth));
  },

  async "src/receiver.ts"() {
    const { auth } = await (await orders()).import<{ auth: Auth }>("dist/receiver.js");
    const call = await callerOf(auth);
    const proof = { "x-gateway-secret": secret };
    const caller = {
      subject: "ada",
      roles: ["admin"],
      scopes: ["orders:read", "orders:write"],
      claims: { tenant: "a" },
    };
    const before = {
      "x-auth-subject": caller.subject,
      "x-auth-type": "jwt",
      "x-auth-roles": JSON.stringify(caller.roles),
      "x-auth-scopes": caller.scopes.join(" "),
      "x-auth-claims": JSON.stringify(caller.claims),
    };
    const now = new Headers();
    setAuthHeaders(now, createMockAuthContext(caller));
    for (const headers of [before, Object.fromEntries(now)]) {
      expect(await call("deleteOrder", { ...headers, ...proof })).toBe("ok");
      expect(await call("deleteOrder", { ...headers, ...proof, "x-auth-roles": '["user"]' })).toBe("PermissionDenied");
      expect(await call("deleteOrder", headers)).toBe("Unauthenticated");
    }
  },
};
