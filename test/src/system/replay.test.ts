import { AsyncLocalStorage } from "node:async_hooks";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { type ConnectRouter, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { CreateAuthOptions, DecisionEvent, ServicePolicy } from "@connectum/auth";
import type { MethodPolicy } from "@connectum/auth/policy";
import { replay } from "@connectum/auth/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audience, createShopAuth, grants, internalAudience, policies, rules } from "../../../example/dist/access.js";
import { OrderService } from "../../../example/dist/gen/shop/v1/order_pb.js";
import { StockServicePolicy } from "../../../example/dist/gen/shop/v1/stock_auth.js";
import { StockService } from "../../../example/dist/gen/shop/v1/stock_pb.js";
import { FeedbackService, UserService } from "../../../example/dist/gen/shop/v1/user_pb.js";
import { type IdentityProvider, startIdentityProvider } from "../../../example/dist/identity-provider.js";
import { sampleOrders } from "../../../example/dist/orders.js";
import { checkOrders } from "../../../example/dist/own-orders.js";
import { people } from "../../../example/dist/people.js";
import { outcome, streamOf } from "../authorization/callers.js";

/** Calls that are recorded, and how many run at a time. */
const [total, concurrency] = [100_000, 64];

/** Calls repeat after so many: 12 methods, 10 callers, and 6 kinds of messages that change every 7 calls. */
const period = 12 * 10 * 7;

/** The number of the call in whose context a decision is made. */
const current = new AsyncLocalStorage<number>();

const orders = sampleOrders();

/** The example's access control in front of services that answer at once, and change nothing. */
function routes(router: ConnectRouter): void {
  router
    .service(OrderService, {
      ...{ listProducts: () => ({}), getOrder: () => ({}), cancelOrder: () => ({}), purgeOrders: () => ({}) },
      async *watchOrders() {
        yield {};
      },
      async importOrders(requests) {
        for await (const _ of requests);
        return {};
      },
    })
    .service(UserService, { getMe: () => ({}), listUsers: () => ({}), deleteUser: () => ({}) })
    .service(FeedbackService, { sendFeedback: () => ({}) })
    .service(StockService, { getStock: () => ({}), countStock: () => ({}) });
}

let identityProvider: IdentityProvider;
let headers: readonly Record<string, string>[] = [];

beforeAll(async () => {
  identityProvider = await startIdentityProvider();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const tokens = people.flatMap((person) => [
    identityProvider.issueToken({ ...person, audience }),
    identityProvider.issueToken({ ...person, audience, scopes: ["orders:read"] }),
  ]);
  const expired = identityProvider.issueToken({ subject: "sam", audience, lifetime: -60 });
  const warehouse = identityProvider.issueToken({ subject: "warehouse", audience: internalAudience });
  headers = [{}, bearer("not.a.token"), ...(await Promise.all([...tokens, expired, warehouse])).map(bearer)];
});
afterAll(() => identityProvider.close());

/** Makes call number `i` of a server: another method, caller and message each time, in an order that repeats late. */
type MakeCall = (i: number) => Promise<string>;

/** Starts a server with some tables, and returns its calls and the first decision about each. */
async function serve(tables: readonly ServicePolicy[], more: Partial<CreateAuthOptions> = {}) {
  const events: DecisionEvent[] = [];
  const onDecision = (event: DecisionEvent) => {
    const number = current.getStore();
    if (number === undefined) throw new Error("a decision outside of a call");
    events[number] ??= event;
  };
  const auth = createShopAuth({ identityProvider, orders, policies: tables, onDecision, ...more });
  const handler = connectNodeAdapter({ ...auth, routes });
  const server = http2.createServer((request, response) =>
    current.run(Number(request.headers["x-call"]), () => handler(request, response)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: "2" });
  // Node ends a session after a thousand refused streams of the Connect protocol. With gRPC, it does not.
  const streams = createClient(OrderService, createGrpcTransport({ baseUrl }));
  const [order, user, feedback, stock] = [
    createClient(OrderService, transport),
    createClient(UserService, transport),
    createClient(FeedbackService, transport),
    createClient(StockService, transport),
  ];
  type Options = { readonly headers: HeadersInit };
  const calls: readonly ((options: Options, kind: number) => Promise<unknown> | AsyncIterable<unknown>)[] = [
    (options) => order.listProducts({}, options),
    (options, kind) => order.getOrder({ id: ["1001", "1003", "?"][kind % 3] as string }, options),
    (options) => streams.watchOrders({}, options),
    (options, kind) =>
      streams.importOrders(streamOf({ order: { id: "1", customer: ["carol", "sam"][kind % 2] as string } }), options),
    (options, kind) => order.cancelOrder({ id: ["1001", "1003", "?"][kind % 3] as string }, options),
    (options) => order.purgeOrders({}, options),
    (options) => user.getMe({}, options),
    (options) => user.listUsers({}, options),
    (options) => user.deleteUser({ subject: "sam" }, options),
    (options) => feedback.sendFeedback({ text: "!" }, options),
    (options, kind) => stock.getStock({ branch: ["north", "south", ""][kind % 3] as string }, options),
    (options, kind) =>
      stock.countStock(
        { branch: ["north", "south"][kind % 2] as string, items: [{ amount: kind % 3 ? 1 : -1 }] },
        options,
      ),
  ];
  const make: MakeCall = async (i) => {
    const call = calls[i % calls.length] as (typeof calls)[number];
    const caller = headers[Math.floor(i / calls.length) % headers.length];
    return outcome(call({ headers: { ...caller, "x-call": String(i) } }, Math.floor(i / 7)));
  };
  return { make, events, server };
}

/** Makes calls, some at a time. Returns their outcomes. */
async function makeAll(make: MakeCall, count: number): Promise<string[]> {
  const outcomes: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let i = next++; i < count; i = next++) outcomes[i] = await make(i);
    }),
  );
  return outcomes;
}

function change(rows: { readonly [method: string]: MethodPolicy }): readonly ServicePolicy[] {
  return policies.map(({ typeName, methods }) => ({
    typeName,
    methods: Object.fromEntries(Object.entries(methods).map(([name, row]) => [name, rows[name] ?? row])),
  }));
}

const requires = (part: object) => ({ access: "requires", roles: [], scopes: [], ...part }) as MethodPolicy;

describe(`${total} recorded calls of the example`, () => {
  let lines: string[] = [];
  let before: string[] = [];
  beforeAll(async () => {
    const { make, events, server } = await serve(policies, { decisionRecords: true });
    before = await makeAll(make, total);
    server.close();
    lines = events.map((event) => JSON.stringify({ ...event, error: undefined }));
  }, 600_000);

  const options = { rules, grants, checks: [checkOrders(orders)], defaultPolicy: "deny" } as const;

  test("the same tables change nothing", async () => {
    expect(before.filter((one) => one === "ok").length).toBeGreaterThan(total / 10);
    expect(before.filter((one) => one === "PermissionDenied").length).toBeGreaterThan(total / 10);
    const { calls, differences, undecided } = await replay(policies, lines, options);
    expect({ calls, differences, undecided }).toEqual({ calls: total, differences: [], undecided: [] });
  });

  /** The changed server's outcome of each call, by its number modulo the period. */
  async function callChanged(tables: readonly ServicePolicy[]): Promise<number[]> {
    const { make, server } = await serve(tables);
    const after = await makeAll(make, period);
    server.close();
    const isLet = (one: string | undefined) => one === "ok";
    return before.flatMap((one, i) => (isLet(one) === isLet(after[i % period]) ? [] : [i + 1]));
  }

  const numbersOf = (groups: readonly { readonly calls: readonly number[] }[]) =>
    groups.flatMap(({ calls }) => calls).sort((a, b) => a - b);
  const methodsOf = (groups: readonly { readonly method: string }[]) =>
    [...new Set(groups.map(({ method }) => method.replace(/.*\//, "")))].sort();
  const stock = StockServicePolicy.methods;

  test("five changes: exactly the calls that differ are named", async () => {
    const next = change({
      GetOrder: requires({ roles: ["customer"] }), // support is removed
      ListUsers: requires({ roles: ["admin", "support"] }), // support is added
      DeleteUser: requires({ roles: ["admin"] }), // nobody before
      WatchOrders: { access: "public" },
      GetStock: { ...stock.GetStock, permissions: ["stock.read", "stock.count"] },
    });
    const { differences, undecided } = await replay(next, lines, options);
    const differing = await callChanged(next);
    expect(undecided).toEqual([]);
    expect(differing.length).toBeGreaterThan(total / 20);
    expect(numbersOf(differences)).toEqual(differing);
    expect(methodsOf(differences)).toEqual(["DeleteUser", "GetOrder", "GetStock", "ListUsers", "WatchOrders"]);
  }, 600_000);

  test("a change that the records cannot decide: the calls that differ are named or undecided", async () => {
    const next = change({
      // The condition did not run for callers with one of the permissions.
      CountStock: requires({
        anyPermissions: ["stock.read", "stock.count"],
        condition: stock.CountStock.condition,
      }),
      ListProducts: requires({ roles: ["customer"] }), // the credentials were not read
      GetMe: { access: "deny" },
    });
    const { differences, undecided } = await replay(next, lines, options);
    const differing = await callChanged(next);
    const open = new Set(numbersOf(undecided));
    expect(methodsOf(undecided)).toEqual(["CountStock", "ListProducts"]);
    expect(methodsOf(differences)).toEqual(["GetMe"]);
    expect(differing.filter((number) => !open.has(number))).toEqual(numbersOf(differences));
    expect(open.size).toBeLessThan(total / 4);
  }, 600_000);
});
