import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import {
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createProtoAuthzInterceptor,
  createSessionAuthInterceptor,
  credentials,
  InvalidCredentialError,
  session,
} from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService } from "../gen/lab/v1/lab_pb.js";
import { missing, ok, outcome, refused, tryIt, unavailable, withLab } from "../support/call.js";
import { labRoutes } from "../support/lab.js";

const bearer = { authorization: "Bearer x" };
const secretText = "postgres://admin:hunter2@db";

const coded = (code: string) => Object.assign(new Error(secretText), { code });
const causedBy = (cause: unknown) => new TypeError("fetch failed", { cause });
const deep = (depth: number): Error => (depth === 1 ? coded("ECONNRESET") : causedBy(deep(depth - 1)));
const circular = new Error(secretText);
circular.cause = causedBy(circular);

describe("what a verification throws", () => {
  const invalid = refused();
  const denied = { code: "PermissionDenied", text: "Authentication failed", challenge: null };
  test.each<{ name: string; error: unknown; want: object }>([
    { name: "a plain error", error: new Error(secretText), want: invalid },
    { name: "an invalid credential", error: new InvalidCredentialError(secretText), want: invalid },
    { name: "a fault of the verifier", error: new TypeError(secretText), want: invalid },
    { name: "not an error", error: secretText, want: invalid },
    { name: "nothing", error: undefined, want: invalid },
    { name: "another code of connect", error: new ConnectError(secretText, Code.PermissionDenied), want: denied },
    { name: "unavailable", error: new ConnectError(secretText, Code.Unavailable), want: unavailable },
    { name: "deadline exceeded", error: new ConnectError(secretText, Code.DeadlineExceeded), want: unavailable },
    { name: "a refused connection", error: coded("ECONNREFUSED"), want: unavailable },
    { name: "an unknown host", error: causedBy(coded("ENOTFOUND")), want: unavailable },
    { name: "a failed fetch", error: causedBy(coded("UND_ERR_CONNECT_TIMEOUT")), want: unavailable },
    { name: "a lost connection at the bottom of eight causes", error: deep(8), want: unavailable },
    { name: "deeper than anybody looks", error: deep(9), want: invalid },
    { name: "causes that go in circles", error: circular, want: invalid },
    { name: "a timeout", error: new DOMException(secretText, "TimeoutError"), want: unavailable },
    {
      name: "an invalid credential because of a lost connection",
      error: new InvalidCredentialError("x", { cause: coded("ECONNRESET") }),
      want: invalid,
    },
  ])("$name", async ({ error, want }) => {
    let seen: unknown;
    const outer: Interceptor = (next) => (req) =>
      next(req).catch((thrown) => {
        seen = thrown;
        throw thrown;
      });
    const fail = () => {
      throw error;
    };
    const failLater = () => Promise.reject(error);
    const extract = createAuthInterceptor({
      extractCredentials: fail,
      verifyCredentials: failLater,
      challenge: "Bearer",
    });
    for (const interceptor of [
      createAuthInterceptor({ verifyCredentials: fail }),
      createAuthInterceptor({ verifyCredentials: failLater, cache: {} }),
      createSessionAuthInterceptor({ verifySession: failLater, mapSession: () => ({ subject: "x" }), bearer: true }),
      createSessionAuthInterceptor({ verifySession: () => ({}), mapSession: fail, bearer: true }),
      extract,
    ]) {
      const got = await tryIt([outer, interceptor], bearer);
      expect(got).toMatchObject(want);
      expect(JSON.stringify(got)).not.toContain("hunter2");
      expect(seen).toBeInstanceOf(ConnectError);
      expect(seen).toMatchObject({ name: "ConnectError", cause: error });
    }
  });
});

describe("an identity that is malformed is refused, never repaired", () => {
  test.each<[string, unknown]>([
    ["nothing", null],
    ["no subject", {}],
    ["an empty subject", { subject: "" }],
    ["a number as subject", { subject: 7 }],
    ["roles that are a string", { subject: "ada", roles: "admin" }],
    ["roles of mixed types", { subject: "ada", roles: ["admin", 1] }],
    ["an empty role", { subject: "ada", roles: [""] }],
    ["scopes that are a set", { subject: "ada", scopes: new Set(["a"]) }],
    ["a null among roles", { subject: "ada", roles: ["admin", null] }],
    ["claims that are a list", { subject: "ada", claims: [] }],
    ["claims with a function", { subject: "ada", claims: { f: () => {} } }],
    [
      "claims that go in circles",
      {
        subject: "ada",
        claims: (() => {
          const loop: { loop?: unknown } = {};
          loop.loop = loop;
          return loop;
        })(),
      },
    ],
    ["an expiry that is a number", { subject: "ada", expiresAt: Date.now() + 60_000 }],
    ["an expiry that is no date", { subject: "ada", expiresAt: new Date(Number.NaN) }],
    ["a name that is a number", { subject: "ada", name: 1 }],
    ["an empty type", { subject: "ada", type: "" }],
    ["a string", "ada"],
  ])("%s", async (_, identity) => {
    expect(await tryIt(createAuthInterceptor({ verifyCredentials: () => identity as never }), bearer)).toMatchObject(
      refused(),
    );
  });
  test("and what is whole is let in", async () => {
    const identity = {
      subject: "ada",
      name: "Ada",
      roles: ["a"],
      scopes: [],
      claims: { when: new Date(0), gone: undefined },
      expiresAt: new Date(Date.now() + 60_000),
    };
    expect(await tryIt(createAuthInterceptor({ verifyCredentials: () => identity }), bearer)).toEqual(ok());
  });
});

describe("challenges (RFC 6750 section 3)", () => {
  const policies = [AccessServicePolicy];
  const scopes = ["lab:read"];
  const verifyCredentials = (token: string) => (token === "bad" ? null : { subject: "ada", scopes });
  const trustSource = { header: "x-gateway-secret", secrets: "the-secret-of-the-gateway" };
  const byCookie = session({
    cookie: "s",
    bearer: false,
    verifySession: () => ({}),
    mapSession: () => ({ subject: "ada", scopes }),
  });
  const wiring = createAuth({ policies, authenticate: [byCookie, credentials({ verifyCredentials })] });
  const composed = {
    interceptors: [
      createAuthInterceptor({ verifyCredentials, optionalMethods: ["*"] }),
      createProtoAuthzInterceptor({ policies }),
    ],
  };
  const invalidToken = 'Bearer error="invalid_token"';
  const insufficient = 'Bearer error="insufficient_scope"';

  test.each([
    { name: "nobody", method: "scope" as const, headers: {}, want: { ...missing, challenge: "Bearer" } },
    {
      name: "a bad token",
      method: "scope" as const,
      headers: { authorization: "Bearer bad" },
      want: { ...refused(), challenge: invalidToken },
    },
    {
      name: "a scope is missing",
      method: "scope" as const,
      headers: bearer,
      want: { code: "PermissionDenied", challenge: insufficient },
    },
    {
      name: "a role is missing",
      method: "role" as const,
      headers: bearer,
      want: { code: "PermissionDenied", challenge: null },
    },
    { name: "enough", method: "authenticated" as const, headers: bearer, want: { code: "ok", challenge: null } },
  ])("$name", async ({ method, headers, want }) => {
    for (const server of [wiring, { interceptors: wiring.interceptors }, composed]) {
      await withLab(server, async ({ transports }) => {
        for (const transport of Object.values(transports)) {
          const call = createClient(AccessService, transport)
            [method]({}, { headers })
            .then(({ subject }) => subject);
          const got = await outcome(call);
          expect(got).toMatchObject(want);
          // What is missing is not said.
          expect(JSON.stringify(got)).not.toMatch(/lab:|admin|editor/);
        }
      });
    }
  });

  test("a scope that is missing to who came by a cookie: no challenge for tokens", async () => {
    const transport = createRouterTransport(labRoutes(), { router: wiring });
    const got = await outcome(
      createClient(AccessService, transport)
        .scope({}, { headers: { cookie: "s=1" } })
        .then(({ subject }) => subject),
    );
    expect(got).toMatchObject({ code: "PermissionDenied", challenge: null });
  });

  test("over HTTP the status and the header are those of the RFC", async () => {
    await withLab(wiring, async ({ http1Url }) => {
      const post = (authorization?: string) =>
        fetch(`${http1Url}/lab.v1.AccessService/Scope`, {
          method: "POST",
          headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
          body: "{}",
        });
      const seen = await Promise.all(
        [undefined, "Bearer bad", "Bearer x"].map(async (value) => {
          const { status, headers } = await post(value);
          return [status, headers.get("www-authenticate")];
        }),
      );
      expect(seen).toEqual([
        [401, "Bearer"],
        [401, invalidToken],
        [403, insufficient],
      ]);
    });
  });

  test("a scheme that has no challenge sends none", async () => {
    expect(await tryIt(createGatewayAuthInterceptor({ trustSource }))).toEqual({ ...missing, challenge: null });
    const extractCredentials = (header: Headers) => header.get("x-api-key");
    expect(await tryIt(createAuthInterceptor({ extractCredentials, verifyCredentials }))).toEqual({
      ...missing,
      challenge: null,
    });
    const byApiKey = createAuthInterceptor({ extractCredentials, verifyCredentials, challenge: "ApiKey" });
    expect(await tryIt(byApiKey)).toEqual({ ...missing, challenge: "ApiKey" });
    // Only Bearer has an error parameter.
    expect(await tryIt(byApiKey, { "x-api-key": "bad" })).toEqual({ ...refused(), challenge: "ApiKey" });
  });
});
