import {
  Code,
  ConnectError,
  createClient,
  createContextValues,
  createRouterTransport,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { assertAuthorized, createAuth, createAuthzInterceptor, createProtoAuthzInterceptor } from "@connectum/auth";
import { describe, expect, test, vi } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService, PlainService } from "../gen/lab/v1/lab_pb.js";
import { as, outcome, streamOf, userScheme } from "./callers.js";

const policies = [AccessServicePolicy, EchoServicePolicy];

/** Handlers that all begin with the assertion. */
function guarded(interceptors: readonly Interceptor[], nested?: () => Promise<unknown>) {
  const answer = (_: unknown, context: HandlerContext) => {
    assertAuthorized(context);
    return { subject: "reached" };
  };
  const router = { interceptors: [...interceptors] };
  const transport = createRouterTransport(
    ({ service }) => {
      service(AccessService, { public: answer, role: answer, authenticated: answer, deny: answer });
      service(PlainService, { get: answer });
      service(EchoService, {
        unary: async (_, context) => {
          assertAuthorized(context);
          await nested?.();
          return {};
        },
        async *bidiStream(requests, context) {
          assertAuthorized(context);
          for await (const { text } of requests) yield { text };
        },
        async *serverStream(_, context) {
          assertAuthorized(context);
          yield {};
        },
      });
    },
    { router },
  );
  return {
    access: createClient(AccessService, transport),
    echo: createClient(EchoService, transport),
    plain: createClient(PlainService, transport),
  };
}

const wired = (more: Partial<Parameters<typeof createProtoAuthzInterceptor>[0]> = {}) =>
  createAuth({ policies, authenticate: userScheme, ...more }).interceptors;

describe("a handler that was reached through authorization", () => {
  test("unary, streaming, public", async () => {
    const { access, echo } = guarded(wired());
    const headers = as("right");
    expect(await outcome(access.role({}, { headers }))).toBe("ok");
    expect(await outcome(access.public({}))).toBe("ok");
    expect(await outcome(echo.serverStream({}, { headers }))).toBe("ok");
    expect(await outcome(echo.bidiStream(streamOf({ text: "a" }), { headers }))).toBe("ok");
    expect(await outcome(access.deny({}, { headers }))).toBe("PermissionDenied");
  });

  test("asked by code, skipped, or only reported", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const headers = as("right");
    const asked = guarded([...wired({ authorize: () => true })]);
    expect(await outcome(asked.plain.get({}, { headers }))).toBe("ok");
    const skipped = guarded([createAuthzInterceptor({ skipMethods: ["*"] })]);
    expect(await outcome(skipped.plain.get({}))).toBe("ok");
    const reported = guarded(wired({ mode: "report", authorize: () => false }));
    expect(await outcome(reported.access.deny({}, { headers }))).toBe("ok");
    expect(await outcome(reported.plain.get({}, { headers }))).toBe("ok");
    vi.restoreAllMocks();
  });

  test("interceptors behind may replace the header or the signal", async () => {
    const replaceHeader: Interceptor = (next) => (req) => next({ ...req, header: new Headers(req.header) });
    const replaceSignal: Interceptor = (next) => (req) => next({ ...req, signal: AbortSignal.timeout(1000) });
    for (const behind of [replaceHeader, replaceSignal]) {
      const { access } = guarded([...wired(), behind]);
      expect(await outcome(access.role({}, { headers: as("right") }))).toBe("ok");
    }
  });
});

describe("a handler that was not", () => {
  test.each([
    { name: "no interceptor", interceptors: [] },
    { name: "authentication alone", interceptors: wired().slice(0, 1) },
  ])("$name", async ({ interceptors }) => {
    const { access, echo } = guarded(interceptors);
    const headers = as("right");
    const error = await access.role({}, { headers }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Internal, rawMessage: "Internal error" });
    expect(await outcome(echo.serverStream({}, { headers }))).toBe("Internal");
  });

  test("the cause is for the server", () => {
    const context = { method: AccessService.method.role, requestHeader: new Headers(), values: createContextValues() };
    const { signal } = new AbortController();
    expect(() => assertAuthorized({ ...context, signal })).toThrow(
      expect.objectContaining({
        cause: new Error("lab.v1.AccessService/Role was called without authorization: is the interceptor installed?"),
      }),
    );
  });

  test("the same call, handed to the handler of another method", async () => {
    const outcomes: string[] = [];
    const { access } = guarded([
      ...wired(),
      (next) => (req) => {
        const context = { requestHeader: req.header, signal: req.signal, values: req.contextValues };
        for (const method of [AccessService.method.public, AccessService.method.role]) {
          try {
            assertAuthorized({ ...context, method });
            outcomes.push(`${method.name} ok`);
          } catch (error) {
            outcomes.push(`${method.name} ${Code[ConnectError.from(error).code]}`);
          }
        }
        return next(req);
      },
    ]);
    expect(await outcome(access.public({}))).toBe("ok");
    expect(outcomes).toEqual(["Public ok", "Role Internal"]);
  });

  test("a call in process, whose caller was authorized for another", async () => {
    const inner = guarded([]);
    let seen = "";
    const outer = guarded(wired(), async () => {
      seen = await outcome(inner.access.role({}));
    });
    expect(await outcome(outer.echo.unary({}, { headers: as("right") }))).toBe("ok");
    expect(seen).toBe("Internal");
  });

  test("another call with the same context values", async () => {
    const contextValues = createContextValues();
    const share: Interceptor = (next) => (req) => next({ ...req, contextValues });
    const first = guarded([share, createProtoAuthzInterceptor({ policies })]);
    expect(await outcome(first.access.public({}))).toBe("ok");
    const second = guarded([share]);
    expect(await outcome(second.access.public({}))).toBe("Internal");
    expect(await outcome(second.access.role({}))).toBe("Internal");
  });
});
