import { createClient } from "@connectrpc/connect";
import { authorizeMethods, createAuth, createProtoAuthzInterceptor, type DecisionEvent } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes, startLab } from "../support/lab.js";
import { as, collect, inProcess, outcome, streamOf, userScheme } from "./callers.js";

const policies = [AccessServicePolicy, EchoServicePolicy];
const loud = ['@connectum/auth: mode is "report": NOTHING IS ENFORCED'];

describe('mode: "report"', () => {
  let warn: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => vi.restoreAllMocks());

  test("every call goes through, and is reported as it would have been decided", async () => {
    const events: DecisionEvent[] = [];
    const onDecision = (event: DecisionEvent) => void events.push(event);
    const { access } = inProcess(createProtoAuthzInterceptor({ policies, mode: "report", onDecision }));
    for (const caller of [undefined, "wrong", "right"]) {
      for (const method of ["role", "deny", "internal", "unspecified", "public"] as const) {
        expect(await outcome(access[method]({}, { headers: as(caller) }))).toBe("ok");
      }
    }
    expect(events.every(({ enforced }) => enforced === false)).toBe(true);
    expect(events.map(({ effect, reason }) => reason ?? effect)).toEqual([
      ...["unauthenticated", "deny", "unauthenticated", "default", "allow"],
      ...["missing-role", "deny", "not-internal", "default", "allow"],
      ...["allow", "deny", "not-internal", "default", "allow"],
    ]);
    expect(warn.mock.calls).toEqual([loud]);
  });

  test("beside it, enforcing denies and says nothing", async () => {
    const { access } = inProcess(createProtoAuthzInterceptor({ policies, mode: "enforce" }));
    expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("PermissionDenied");
    expect(warn).not.toHaveBeenCalled();
  });

  test("code that is being tried out cannot break or delay a call: it throws, hangs or says no", async () => {
    const events: DecisionEvent[] = [];
    const never = () => new Promise<boolean>(() => {});
    const { access, echo } = inProcess(
      createProtoAuthzInterceptor({
        policies,
        mode: "report",
        authorize: never,
        onDecision: (event) => void events.push(event),
        checks: [
          authorizeMethods(AccessService, {
            role: () => {
              throw new Error("bug");
            },
            scope: never,
          }),
          authorizeMethods(EchoService, {
            serverStream: async () => false,
            clientStream: { message: never },
            bidiStream: { message: (_, { text }) => text !== "b" },
          }),
        ],
      }),
    );
    const headers = as("right");
    expect(await outcome(access.role({}, { headers }))).toBe("ok");
    expect(await outcome(access.scope({}, { headers }))).toBe("ok");
    expect(await outcome(access.unspecified({}, { headers }))).toBe("ok");
    const streamed = await collect(echo.serverStream({ text: "s" }, { headers }));
    expect(streamed.map(({ text }) => text)).toEqual(["s0", "s1", "s2"]);
    expect((await echo.clientStream(streamOf({ text: "a" }, { text: "b" }), { headers })).text).toBe("ab");
    const echoed = await collect(echo.bidiStream(streamOf({ text: "a" }, { text: "b" }, { text: "c" }), { headers }));
    expect(echoed.map(({ text }) => text)).toEqual(["a", "b", "c"]);
    expect(events.map(({ method, effect, decidedBy }) => `${method} ${effect} ${decidedBy}`)).toEqual([
      "Role deny check",
      "ServerStream deny check",
      "ClientStream allow check",
      "BidiStream allow check",
      "BidiStream deny check",
    ]);
  });

  test("with createAuth, gate included; authentication goes on demanding credentials", async () => {
    const events: DecisionEvent[] = [];
    const auth = createAuth({
      policies,
      authenticate: userScheme,
      mode: "report",
      onDecision: (event) => void events.push(event),
    });
    const lab = await startLab({ interceptors: [...auth.interceptors], requestGate: auth.requestGate }, labRoutes());
    try {
      const access = createClient(AccessService, lab.transports.grpc);
      expect(await outcome(access.role({}, { headers: as("wrong") }))).toBe("ok");
      expect(await outcome(access.role({}))).toBe("Unauthenticated");
      expect(events).toMatchObject([
        { effect: "deny", reason: "missing-role", enforced: false },
        { effect: "deny", decidedBy: "authentication", enforced: true },
      ]);
    } finally {
      await lab.close();
    }
  });
});
