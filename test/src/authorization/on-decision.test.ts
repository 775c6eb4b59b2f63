import { Code, ConnectError } from "@connectrpc/connect";
import {
  authorizeMethods,
  createAuthzInterceptor,
  createProtoAuthzInterceptor,
  type DecisionEvent,
} from "@connectum/auth";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { PlainService } from "../gen/lab/v1/lab_pb.js";
import { as, inProcess, outcome } from "./callers.js";

const failure = new Error("database is down");
const options: Parameters<typeof createProtoAuthzInterceptor>[0] = {
  policies: [AccessServicePolicy],
  rules: [
    { name: "guests stay out", effect: "deny", methods: ["*"], requires: { roles: ["guest"] } },
    { name: "admins come in", effect: "allow", methods: ["*"], requires: { roles: ["admin"] } },
  ],
};

async function decisionsOf(
  more: Partial<Parameters<typeof createProtoAuthzInterceptor>[0]>,
  method: "role" | "scope" | "deny" | "public" | "unspecified",
  caller?: string,
) {
  const events: DecisionEvent[] = [];
  const { access } = inProcess(
    createProtoAuthzInterceptor({ ...options, ...more, onDecision: (event) => void events.push(event) }),
  );
  await outcome(access[method]({}, { headers: as(caller) }));
  return events;
}

const allow = { effect: "allow", reason: undefined, rule: undefined, error: undefined } as const;
const deny = { effect: "deny", rule: undefined, error: undefined } as const;
const throwing = () => {
  throw failure;
};

describe("an event says who decided what about whom, and why", () => {
  test.each<{
    name: string;
    more?: Partial<Parameters<typeof createProtoAuthzInterceptor>[0]>;
    call: [Parameters<typeof decisionsOf>[1], string?];
    want: Partial<DecisionEvent>;
  }>([
    { name: "public", call: ["public"], want: { ...allow, decidedBy: "table" } },
    { name: "right role", call: ["role", "right"], want: { ...allow, decidedBy: "table" } },
    { name: "wrong role", call: ["role", "wrong"], want: { ...deny, decidedBy: "table", reason: "missing-role" } },
    { name: "anonymous", call: ["role"], want: { ...deny, decidedBy: "table", reason: "unauthenticated" } },
    { name: "missing scope", call: ["scope", "wrong"], want: { ...deny, decidedBy: "table", reason: "missing-scope" } },
    { name: "closed", call: ["deny", "admin"], want: { ...deny, decidedBy: "table", reason: "deny" } },
    {
      name: "a rule allows",
      call: ["unspecified", "admin"],
      want: { ...allow, decidedBy: "rule", rule: "admins come in" },
    },
    {
      name: "a rule denies",
      call: ["unspecified", "wrong"],
      want: { ...deny, decidedBy: "rule", reason: "rule", rule: "guests stay out" },
    },
    {
      name: "a rule needs an identity",
      call: ["unspecified"],
      want: { ...deny, decidedBy: "rule", reason: "unauthenticated", rule: "guests stay out" },
    },
    {
      name: "defaultPolicy denies",
      call: ["unspecified", "right"],
      want: { ...deny, decidedBy: "defaultPolicy", reason: "default" },
    },
    {
      name: "defaultPolicy allows",
      more: { defaultPolicy: "allow" },
      call: ["unspecified", "right"],
      want: { ...allow, decidedBy: "defaultPolicy" },
    },
    {
      name: "authorize allows",
      more: { authorize: () => true },
      call: ["unspecified", "right"],
      want: { ...allow, decidedBy: "authorize" },
    },
    {
      name: "authorize denies",
      more: { authorize: () => false },
      call: ["unspecified", "right"],
      want: { ...deny, decidedBy: "authorize", reason: "authorize" },
    },
    {
      name: "authorize throws",
      more: { authorize: throwing },
      call: ["unspecified", "right"],
      want: { ...deny, decidedBy: "authorize", reason: "authorize", error: failure },
    },
    {
      name: "matchScope throws",
      more: { matchScope: throwing },
      call: ["scope", "right"],
      want: { ...deny, decidedBy: "table", reason: "error", error: failure },
    },
  ])("$name", async ({ more = {}, call: [method, caller], want }) => {
    const events = await decisionsOf(more, method, caller);
    expect(events).toEqual([
      {
        service: "lab.v1.AccessService",
        method: method[0]?.toUpperCase() + method.slice(1),
        subject: caller,
        scheme: caller === undefined ? undefined : "credentials",
        enforced: true,
        durationMs: expect.any(Number),
        ...want,
      },
    ]);
    expect(events[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(events[0]?.durationMs).toBeLessThan(60_000);
  });

  test("a missing row and a skipped method", async () => {
    const { Role: _, ...methods } = AccessServicePolicy.methods;
    const stale = { policies: [{ ...AccessServicePolicy, methods }] };
    expect(await decisionsOf(stale, "role", "right")).toMatchObject([{ decidedBy: "table", reason: "missing-row" }]);
    const events: DecisionEvent[] = [];
    const onDecision = (event: DecisionEvent) => void events.push(event);
    await inProcess(createAuthzInterceptor({ skipMethods: ["*"], onDecision })).plain.get({});
    expect(events).toMatchObject([{ effect: "allow", decidedBy: "skipMethods" }]);
  });

  test("who would have asked an anonymous caller's question, and the row that allowed a call", async () => {
    const checks = [authorizeMethods(PlainService, { get: () => true })];
    for (const [decidedBy, more] of [
      ["check", { defaultPolicy: "allow" }],
      ["authorize", { authorize: () => true }],
    ] as const) {
      const events: DecisionEvent[] = [];
      const onDecision = (event: DecisionEvent) => void events.push(event);
      await outcome(inProcess(createAuthzInterceptor({ ...more, checks, onDecision })).plain.get({}));
      expect(events).toMatchObject([{ decidedBy, reason: "unauthenticated", effect: "deny" }]);
    }
  });

  test("denied ones only", async () => {
    const more = { decisionEvents: "denied" as const };
    expect(await decisionsOf(more, "role", "right")).toEqual([]);
    expect(await decisionsOf(more, "role", "wrong")).toHaveLength(1);
  });

  test("how long it took to decide", async () => {
    const slow = () => new Promise<boolean>((resolve) => setTimeout(resolve, 30, true));
    const [event] = await decisionsOf({ authorize: slow }, "unspecified", "right");
    expect(event?.durationMs).toBeGreaterThan(25);
  });
});

describe("a callback can neither change nor delay a decision", () => {
  afterEach(() => vi.restoreAllMocks());
  const callbacks: readonly { name: string; onDecision: (event: DecisionEvent) => unknown; fails?: boolean }[] = [
    { name: "throws", onDecision: throwing, fails: true },
    {
      name: "throws a ConnectError",
      onDecision: () => {
        throw new ConnectError("no", Code.Aborted);
      },
      fails: true,
    },
    { name: "rejects", onDecision: () => Promise.reject(failure), fails: true },
    { name: "hangs", onDecision: () => new Promise(() => {}) },
    { name: "says no", onDecision: () => false },
    { name: "says no later", onDecision: async () => ({ effect: "deny" }) },
    // biome-ignore lint/suspicious/noThenProperty: a thenable that misbehaves is the point.
    { name: "returns what throws when awaited", onDecision: () => ({ then: throwing }), fails: true },
    {
      name: "changes the event",
      onDecision: (event) => Object.assign(event, { effect: "allow", reason: undefined, enforced: false }),
    },
  ];
  test.each(callbacks)("$name", async ({ onDecision, fails = false }) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { access } = inProcess(createProtoAuthzInterceptor({ ...options, onDecision: onDecision as () => void }));
    warn.mockClear();
    for (let i = 0; i < 3; i++) {
      expect(await outcome(access.role({}, { headers: as("right") }))).toBe("ok");
      expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
      expect(await outcome(access.role({}))).toBe("Unauthenticated");
    }
    // An audit log that fails is worth one line.
    expect(warn.mock.calls).toEqual(fails ? [[expect.stringContaining("onDecision failed")]] : []);
  });

  test("it runs after the handler was called", async () => {
    const order: string[] = [];
    const { access } = inProcess(
      createProtoAuthzInterceptor({ ...options, onDecision: () => void order.push("event") }),
      (next) => (req) => {
        order.push("handler");
        return next(req);
      },
    );
    await access.role({}, { headers: as("right") });
    expect(order).toEqual(["handler", "event"]);
  });
});
