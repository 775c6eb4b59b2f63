import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { AuthzDeniedError, authorizeMethods, createAuth, createProtoAuthzInterceptor } from "@connectum/auth";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { as, inProcess, userScheme } from "../authorization/callers.js";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, labRoutes, protocols, startLab } from "../support/lab.js";

const denial = () =>
  new AuthzDeniedError("admins only", {
    method: "a.B/C",
    subject: "bob",
    reason: "missing-role",
    requiredRoles: ["admin"],
    requiredScopes: [],
  });

test("connect takes it for one of its own errors, and other errors are not taken for it", () => {
  const error = denial();
  expect(error).toBeInstanceOf(AuthzDeniedError);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.name).toBe("ConnectError");
  expect(ConnectError.from(error)).toBe(error);
  expect(new ConnectError("denied", Code.PermissionDenied)).not.toBeInstanceOf(AuthzDeniedError);
  expect(new Error("denied")).not.toBeInstanceOf(AuthzDeniedError);
  expect(undefined).not.toBeInstanceOf(AuthzDeniedError);
  class OwnDenial extends AuthzDeniedError {}
  expect(error).not.toBeInstanceOf(OwnDenial);
  expect(new OwnDenial("own", error.authzDetails)).toBeInstanceOf(AuthzDeniedError);
});

test("what a client may see, and what the server keeps", () => {
  const error = denial();
  expect(error).toMatchObject({
    code: Code.PermissionDenied,
    rawMessage: "Access denied",
    clientMessage: "Access denied",
  });
  expect(error.serverDetails).toEqual({
    ruleName: "admins only",
    method: "a.B/C",
    subject: "bob",
    reason: "missing-role",
    requiredRoles: ["admin"],
    requiredScopes: [],
  });
  expect([...error.metadata]).toEqual([]);
  expect(error.details).toEqual([]);
});

describe.each(protocols)("through an interceptor that handles errors, over %s", (protocol) => {
  const log: unknown[] = [];
  let lab: Lab;
  // What an error handler in front of the chain does: log what the server knows, send what the client may see.
  const errorHandler: Interceptor = (next) => async (req) => {
    try {
      return await next(req);
    } catch (error) {
      if (!(error instanceof AuthzDeniedError)) throw error;
      log.push(error.serverDetails);
      throw new ConnectError(error.clientMessage, error.code);
    }
  };
  beforeAll(async () => {
    const auth = createAuth({
      policies: [AccessServicePolicy, EchoServicePolicy],
      authenticate: userScheme,
      rules: [
        {
          name: "no guests",
          effect: "deny",
          methods: ["lab.v1.AccessService/Unspecified"],
          requires: { roles: ["guest"] },
        },
      ],
      checks: [authorizeMethods(AccessService, { authenticated: () => false })],
    });
    lab = await startLab({ interceptors: [errorHandler, ...auth.interceptors] }, labRoutes());
  });
  afterAll(() => lab.close());
  beforeEach(() => {
    log.length = 0;
  });

  const method = (name: string) => `lab.v1.AccessService/${name}`;
  const none = { requiredRoles: [], requiredScopes: [] };
  test.each([
    {
      call: "role",
      want: {
        ruleName: "table",
        method: method("Role"),
        reason: "missing-role",
        requiredRoles: ["admin", "editor"],
        requiredScopes: [],
      },
    },
    {
      call: "scope",
      want: {
        ruleName: "table",
        method: method("Scope"),
        reason: "missing-scope",
        requiredRoles: [],
        requiredScopes: ["lab:read", "lab:write"],
      },
    },
    { call: "deny", want: { ruleName: "table", method: method("Deny"), reason: "deny", ...none } },
    {
      call: "unspecified",
      want: {
        ruleName: "no guests",
        method: method("Unspecified"),
        reason: "rule",
        requiredRoles: ["guest"],
        requiredScopes: [],
      },
    },
    { call: "authenticated", want: { ruleName: "check", method: method("Authenticated"), reason: "check", ...none } },
  ] as const)("$call", async ({ call, want }) => {
    const client = createClient(AccessService, lab.transports[protocol]);
    const error = await client[call]({}, { headers: as("wrong") }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.PermissionDenied, rawMessage: "Access denied", details: [] });
    expect(JSON.stringify([error, ...(error instanceof ConnectError ? error.metadata : [])])).not.toMatch(
      /editor|guest|lab:/,
    );
    expect(log).toEqual([{ subject: "wrong", ...want }]);
    log.length = 0;
    if (call === "role" || call === "scope") {
      expect((await client[call]({}, { headers: as("right") })).subject).toBe("right");
      expect(log).toEqual([]);
    }
  });
});

test("what a denial saves on its stack is not taken from other errors", async () => {
  const limit = Error.stackTraceLimit;
  const { access } = inProcess(createProtoAuthzInterceptor({ policies: [AccessServicePolicy] }));
  for (const caller of ["wrong", undefined]) {
    const denied = await access.role({}, { headers: as(caller) }).catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(ConnectError);
    expect(Error.stackTraceLimit).toBe(limit);
    expect(new Error("after").stack).toContain("authz-denied-error.test");
  }
});

test("what a handler does to a denial does not change the next one", async () => {
  const denials: AuthzDeniedError[] = [];
  const { access } = inProcess(
    (next) => (req) =>
      next(req).catch((error: AuthzDeniedError) => {
        denials.push(error);
        (error.authzDetails.requiredRoles as string[]).push("guest");
        throw error;
      }),
    createProtoAuthzInterceptor({ policies: [AccessServicePolicy] }),
  );
  for (let i = 0; i < 2; i++) {
    await expect(access.role({}, { headers: as("wrong") })).rejects.toThrow("Access denied");
  }
  expect(denials[0]).not.toBe(denials[1]);
  expect(denials[1]?.authzDetails.requiredRoles).toEqual(["admin", "editor", "guest"]);
});
