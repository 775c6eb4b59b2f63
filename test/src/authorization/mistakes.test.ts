import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { createAuth, createAuthInterceptor, createProtoAuthzInterceptor, type DecisionEvent } from "@connectum/auth";
import { checkCoverage } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";
import { labRoutes } from "../support/lab.js";
import { as, callers, inProcess, outcome, userScheme } from "./callers.js";

/** What a new user sees who gets it wrong: on the client, in the log, in the audit, in a test. */
describe("five likely mistakes", () => {
  let warnings: string[];
  let events: DecisionEvent[];
  const onDecision = (event: DecisionEvent) => void events.push(event);

  beforeEach(() => {
    warnings = [];
    events = [];
    vi.spyOn(console, "warn").mockImplementation((text) => void warnings.push(text));
  });
  afterEach(() => vi.restoreAllMocks());

  async function errorOf(call: Promise<unknown>) {
    const error = await call.then(() => undefined, ConnectError.from);
    return error && `${Code[error.code]}: ${error.rawMessage}`;
  }

  test("a table that was forgotten", async () => {
    const { access, echo } = inProcess(createProtoAuthzInterceptor({ policies: [EchoServicePolicy], onDecision }));
    expect(await errorOf(access.role({}, { headers: as("right") }))).toBe("PermissionDenied: Access denied");
    expect(await errorOf(access.public({}))).toBe("PermissionDenied: Access denied");
    expect(events).toMatchObject([
      { service: "lab.v1.AccessService", method: "Role", decidedBy: "defaultPolicy", reason: "default" },
      { service: "lab.v1.AccessService", method: "Public", decidedBy: "defaultPolicy", reason: "default" },
    ]);
    expect(await outcome(echo.unary({}, { headers: as("right") }))).toBe("ok");
    expect(checkCoverage([EchoServicePolicy], [EchoService, AccessService]).missing).toEqual(["lab.v1.AccessService"]);
  });

  test("tables from another build", async () => {
    const { Role: _, ...methods } = AccessServicePolicy.methods;
    const older = { ...AccessServicePolicy, methods };
    const { access } = inProcess(
      createProtoAuthzInterceptor({ policies: [older], defaultPolicy: "allow", onDecision }),
    );
    expect(await errorOf(access.role({}, { headers: as("admin") }))).toBe("PermissionDenied: Access denied");
    expect(events).toMatchObject([{ method: "Role", decidedBy: "table", reason: "missing-row" }]);
    expect(await outcome(access.scope({}, { headers: as("right") }))).toBe("ok");
    expect(checkCoverage([older], [AccessService]).missing).toEqual(["lab.v1.AccessService/Role"]);
  });

  test("authorization before authentication", async () => {
    const authorization = createProtoAuthzInterceptor({ policies: [AccessServicePolicy], onDecision });
    const authentication = createAuthInterceptor({
      verifyCredentials: (token) => callers[token],
      skipMethods: ["lab.v1.AccessService/Public"],
    });
    const clientOf = (...interceptors: (typeof authorization)[]) => {
      const router = { interceptors };
      return createClient(AccessService, createRouterTransport(labRoutes(router), { router }));
    };
    const swapped = clientOf(authorization, authentication);
    for (let i = 0; i < 3; i++) {
      expect(await errorOf(swapped.role({}, { headers: as("right") }))).toBe("Unauthenticated: Missing credentials");
    }
    // A caller without credentials is no sign of a mistake.
    expect(warnings).toEqual([
      "@connectum/auth: a call has an Authorization header and no identity: install the authentication interceptor before authorization",
    ]);
    warnings.length = 0;
    const inOrder = clientOf(authentication, createProtoAuthzInterceptor({ policies: [AccessServicePolicy] }));
    expect(await outcome(inOrder.role({}, { headers: as("right") }))).toBe("ok");
    expect(await errorOf(inOrder.role({}))).toBe("Unauthenticated: Missing credentials");
    expect(warnings).toEqual([]);
  });

  test("a user's token at an internal method is no sign of a wrong order", async () => {
    const auth = createAuth({ policies: [EchoServicePolicy], authenticate: userScheme, onDecision });
    // Without the gate, as on Workers: the interceptor decides.
    const router = { interceptors: [...auth.interceptors] };
    const echo = createClient(EchoService, createRouterTransport(labRoutes(router), { router }));
    expect(await errorOf(echo.internalUnary({}, { headers: as("right") }))).toBe(
      "Unauthenticated: Missing credentials",
    );
    expect(events).toMatchObject([{ method: "InternalUnary", decidedBy: "table", reason: "unauthenticated" }]);
    expect(warnings).toEqual([]);
    expect(await outcome(echo.unary({}, { headers: as("right") }))).toBe("ok");
  });

  test("a rule with a misspelled method", async () => {
    const rules = [{ name: "frozen", effect: "deny" as const, methods: ["lab.v1.AccessService/Unspecifed"] }];
    const auth = createAuth({
      policies: [AccessServicePolicy],
      authenticate: userScheme,
      rules,
      defaultPolicy: "allow",
    });
    expect(warnings).toEqual([
      '@connectum/auth: rule frozen: "lab.v1.AccessService/Unspecifed" matches no method of the tables',
    ]);
    const router = { interceptors: [...auth.interceptors] };
    const access = createClient(AccessService, createRouterTransport(labRoutes(router), { router }));
    expect(await outcome(access.unspecified({}, { headers: as("right") }))).toBe("ok");
  });

  test("authorize that returns a promise of undefined", async () => {
    const forgotten = async ({ subject }: { subject: string }) => {
      subject === "right";
    };
    const { access } = inProcess(
      createProtoAuthzInterceptor({
        policies: [AccessServicePolicy],
        // @ts-expect-error Type 'Promise<void>' is not assignable to type 'boolean | PromiseLike<boolean>'
        authorize: forgotten,
        onDecision,
      }),
    );
    expect(await errorOf(access.unspecified({}, { headers: as("right") }))).toBe("PermissionDenied: Access denied");
    expect(events).toMatchObject([{ method: "Unspecified", decidedBy: "authorize", reason: "authorize" }]);
  });
});
