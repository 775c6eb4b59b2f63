import { createRouterTransport } from "@connectrpc/connect";
import {
  createAuth,
  createSessionAuthInterceptor,
  credentials,
  InvalidCredentialError,
  type SessionOptions,
  session,
} from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { callAs, missing, ok, outcome, refused, tryIt } from "../support/call.js";
import { labRoutes } from "../support/lab.js";
import { witness } from "../support/witness.js";

interface Session {
  readonly token: string;
}
/** Every token is a session, of which it is the subject; `none` where the framework finds it in the headers. */
const sessions = {
  verifySession: (token: string | undefined): Session => ({ token: token ?? "none" }),
  mapSession: ({ token }: Session) => ({ subject: token }),
};

const callWith = (options: Partial<SessionOptions<Session>>, headers: Record<string, string>) =>
  witness(createSessionAuthInterceptor({ ...sessions, ...options }), headers);

describe("where the token is looked for", () => {
  const bearer = { authorization: "Bearer b" };
  const byCookie = { cookie: "s" };
  const byBearer = { bearer: true };
  const onlyCookie = { cookie: "s", bearer: false };
  test.each<{ name: string; options: object; headers: Record<string, string>; want: object }>([
    { name: "a cookie", options: byCookie, headers: { cookie: "s=x" }, want: ok("x") },
    { name: "a cookie among others", options: byCookie, headers: { cookie: "a=1; s=x; b=2" }, want: ok("x") },
    { name: "cookies without spaces between", options: byCookie, headers: { cookie: "a=1;s=x" }, want: ok("x") },
    { name: "a cookie with more spaces", options: byCookie, headers: { cookie: "a=1;  s=x ;b=2" }, want: ok("x") },
    { name: "a cookie with = in it", options: byCookie, headers: { cookie: "s=x=y==" }, want: ok("x=y==") },
    { name: "a cookie in quotes, as it was set", options: byCookie, headers: { cookie: 's="x"' }, want: ok('"x"') },
    { name: "a cookie whose name begins so", options: byCookie, headers: { cookie: "s2=x; ss=x" }, want: missing },
    { name: "a cookie whose name ends so", options: byCookie, headers: { cookie: "as=x" }, want: missing },
    { name: "a cookie of this name in other letters", options: byCookie, headers: { cookie: "S=x" }, want: missing },
    { name: "a cookie with the name in its value", options: byCookie, headers: { cookie: "a=s=x" }, want: missing },
    { name: "an empty cookie", options: byCookie, headers: { cookie: "s=" }, want: missing },
    { name: "a name without a value", options: byCookie, headers: { cookie: "s" }, want: missing },
    { name: "no cookie", options: byCookie, headers: {}, want: missing },
    { name: "a cookie sent twice", options: byCookie, headers: { cookie: "s=x; s=x" }, want: refused() },
    { name: "a cookie sent twice, once empty", options: byCookie, headers: { cookie: "s=; s=x" }, want: refused() },
    { name: "Bearer, with a cookie configured", options: byCookie, headers: bearer, want: ok("b") },
    { name: "Bearer before a cookie", options: byCookie, headers: { ...bearer, cookie: "s=x" }, want: ok("b") },
    {
      name: "a cookie beside another Authorization",
      options: byCookie,
      headers: { authorization: "Basic YTpi", cookie: "s=x" },
      want: ok("x"),
    },
    {
      name: "a cookie beside a malformed Bearer",
      options: byCookie,
      headers: { authorization: "Bearer", cookie: "s=x" },
      want: refused(),
    },
    { name: "Bearer, turned off", options: onlyCookie, headers: bearer, want: missing },
    {
      name: "a cookie beside Bearer, turned off",
      options: onlyCookie,
      headers: { ...bearer, cookie: "s=x" },
      want: ok("x"),
    },
    { name: "Bearer alone", options: byBearer, headers: bearer, want: ok("b") },
    {
      name: "Bearer alone, and a cookie of no name",
      options: byBearer,
      headers: { cookie: "undefined=x" },
      want: missing,
    },
    { name: "a cookie, with Bearer alone", options: byBearer, headers: { cookie: "s=x" }, want: missing },
    { name: "the framework's own: Cookie", options: {}, headers: { cookie: "s=x" }, want: ok("none") },
    { name: "the framework's own: Bearer", options: {}, headers: bearer, want: ok("b") },
    {
      name: "the framework's own: Bearer and Cookie",
      options: {},
      headers: { ...bearer, cookie: "s=x" },
      want: ok("b"),
    },
    {
      name: "the framework's own: Authorization of another scheme",
      options: {},
      headers: { authorization: "Basic YTpi" },
      want: ok("none"),
    },
    {
      name: "the framework's own: a malformed Bearer",
      options: {},
      headers: { authorization: "Bearer a b" },
      want: refused(),
    },
    {
      name: "a Bearer with a tab, beside a cookie",
      options: byCookie,
      headers: { authorization: "Bearer\tb", cookie: "s=x" },
      want: refused(),
    },
    {
      name: "a scheme whose name begins so, beside a cookie",
      options: byCookie,
      headers: { authorization: "Bearer2 b", cookie: "s=x" },
      want: ok("x"),
    },
    { name: "a cookie of empty quotes", options: byCookie, headers: { cookie: 's=""' }, want: missing },
    { name: "the framework's own: neither", options: {}, headers: { "x-session": "x" }, want: missing },
    { name: "the framework's own, with bearer: false", options: { bearer: false }, headers: bearer, want: ok("none") },
  ])("$name", async ({ options, headers, want }) => {
    expect((await callWith(options, headers)).got).toMatchObject(want);
  });

  test("the cause of a refusal names the cookie, on the server alone", async () => {
    const { got, cause } = await callWith(byCookie, { cookie: "s=x; s=y" });
    expect(got.text).toBe("Invalid credentials");
    expect(cause).toEqual(new InvalidCredentialError("cookie s: sent twice", { reason: "ambiguous" }));
  });

  test.each([
    { options: byBearer, challenge: "Bearer" },
    { options: byCookie, challenge: "Bearer" },
    { options: onlyCookie, challenge: null },
    { options: {}, challenge: null },
  ])("$options: challenge $challenge", async ({ options, challenge }) => {
    expect((await callWith(options, {})).got).toEqual({ ...missing, challenge });
  });
});

describe("what the framework says of a session", () => {
  const by = (verifySession: () => unknown) =>
    callWith(
      { cookie: "s", verifySession: verifySession as never, mapSession: () => ({ subject: "ada" }) },
      { cookie: "s=x" },
    );

  test.each([
    ["null", () => null],
    ["undefined", () => undefined],
    ["a promise of null", async () => null],
    ["a promise of undefined", async () => undefined],
  ])("%s is no session", async (_, verifySession) => {
    const { got, cause } = await by(verifySession);
    expect(got).toMatchObject(refused());
    expect(cause).toEqual(new InvalidCredentialError("no such session", { reason: "unknown" }));
  });
  test.each([
    ["an object", () => ({})],
    ["a number, zero", () => 0],
    ["an empty text", async () => ""],
    ["false, which is not null", () => false],
  ])("%s is what mapSession gets", async (_, verifySession) => {
    expect((await by(verifySession)).got).toEqual(ok());
  });
  test("it sees the headers of the call", async () => {
    const verifySession = (_: string | undefined, headers: Headers) => ({ token: headers.get("x-device") ?? "" });
    expect((await callWith({ cookie: "s", verifySession }, { cookie: "s=x", "x-device": "phone" })).got).toEqual(
      ok("phone"),
    );
  });
  test("the kind of credential is `session`, or the name", async () => {
    expect((await callWith({ cookie: "s" }, { cookie: "s=x" })).caller?.type).toBe("session");
    expect((await callWith({ cookie: "s", name: "web" }, { cookie: "s=x" })).caller?.type).toBe("web");
  });
});

describe("a cached session", () => {
  const counting = (options: object) => {
    let calls = 0;
    const verifySession = () => ({ token: `${++calls}` });
    return createSessionAuthInterceptor({ ...sessions, ...options, verifySession });
  };
  const headers = { cookie: "s=x" };
  test("is verified once, and without a cache at every call", async () => {
    const [cached, not] = [counting({ cookie: "s", cache: {} }), counting({ cookie: "s" })];
    for (const want of ["1", "1"]) expect(await tryIt(cached, headers)).toEqual(ok(want));
    for (const want of ["1", "2"]) expect(await tryIt(not, headers)).toEqual(ok(want));
  });
  test("is not shared by calls that differ in what is not looked at, where there is no cache", async () => {
    const verifySession = async (_: string | undefined, headers: Headers) => ({ token: headers.get("x-device") ?? "" });
    const interceptor = createSessionAuthInterceptor({ ...sessions, cookie: "s", verifySession });
    const devices = ["phone", "desk"];
    const got = await Promise.all(devices.map((device) => tryIt(interceptor, { ...headers, "x-device": device })));
    expect(got).toEqual(devices.map(ok));
  });
  test("the same token by cookie and by Bearer is not one entry", async () => {
    const cached = counting({ cookie: "s", cache: {} });
    expect(await tryIt(cached, headers)).toEqual(ok("1"));
    expect(await tryIt(cached, { authorization: "Bearer x" })).toEqual(ok("2"));
    expect(await tryIt(cached, headers)).toEqual(ok("1"));
  });
  test.each([
    [{ cache: {}, cacheHeaders: ["x-device", ""] }, "cacheHeaders: expected a list of header names, got a list"],
    [{ cache: {}, cacheHeaders: [1] }, "cacheHeaders: expected a list of header names, got a list"],
    [{ cache: {}, cacheHeaders: null }, "cacheHeaders: expected a list of header names, got null"],
    [{ cache: false, cacheHeaders: ["x-device"] }, "cacheHeaders: has no effect without cache"],
    [{ cache: undefined, cacheHeaders: ["x-device"] }, "cacheHeaders: has no effect without cache"],
    [{ name: "a b" }, 'name: expected a name without spaces, got "a b"'],
    [{ name: undefined }, "name: expected a name without spaces, got undefined"],
    [{ cookie: ["s"] }, "cookie: expected a name without spaces, got a list"],
    [{ bearer: undefined }, "bearer: expected true or false, got undefined"],
    [{ cookie: "__host-s" }, 'cookie: write "__Host-", not "__host-": some browsers do not protect this spelling'],
    [
      { cookie: "__SECURE-s" },
      'cookie: write "__Secure-", not "__SECURE-": some browsers do not protect this spelling',
    ],
    [{ cookie: "\u00a0s" }, 'cookie: expected a name without spaces, got "\u00a0s"'],
    [{ cookie: "\u212a" }, 'cookie: expected a name without spaces, got "\u212a"'],
    [{ cache: {}, cacheHeaders: ["x device"] }, "cacheHeaders: expected a list of header names, got a list"],
    [{ mapSession: null }, "mapSession: expected a function, got null"],
  ])("%j is refused at creation", (options, message) => {
    expect(() => session({ ...sessions, ...options } as never)).toThrow(new TypeError(message));
  });
  test.each([
    { cache: {}, cacheHeaders: ["x-device"] },
    { cache: {}, cacheHeaders: [] },
    { cacheHeaders: undefined },
    { name: "web", cookie: "__Host-s", bearer: true },
    { cookie: "__Secure-s" },
    { cookie: "__hosts" },
    { cookie: "a__host-s" },
  ])("%j is not", (options) => {
    expect(() => session({ ...sessions, ...options } as never)).not.toThrow();
  });
});

describe("beside a scheme that takes every Bearer token", () => {
  const policies = [EchoServicePolicy];
  const both = (options: object) => {
    const tokens = credentials({ verifyCredentials: (subject) => ({ subject }) });
    return createAuth({ policies, authenticate: [tokens, session({ ...sessions, ...options })] });
  };

  test("a session that is looked for in Bearer tokens would never be found", () => {
    for (const options of [{ cookie: "s" }, { bearer: true }]) {
      expect(() => both(options)).toThrow(
        /^authenticate: credentials takes every Bearer token, so that session after it/,
      );
    }
  });
  test("credentials that are no Bearer tokens leave those to the session", async () => {
    const keys = credentials({
      extractCredentials: (header) => header.get("x-api-key"),
      verifyCredentials: (subject) => ({ subject }),
    });
    const wiring = createAuth({ policies, authenticate: [keys, session({ ...sessions, bearer: true })] });
    const transport = createRouterTransport(labRoutes(wiring), { router: wiring });
    expect(await outcome(callAs(transport, "unary", { authorization: "Bearer t" }))).toEqual(ok("t"));
    expect(await outcome(callAs(transport, "unary", { "x-api-key": "k" }))).toEqual(ok("k"));
  });
  test.each([
    { options: { cookie: "s", bearer: false }, subject: "x" },
    { options: {}, subject: "none" },
  ])("one that is not is: $options", async ({ options, subject }) => {
    const wiring = both(options);
    const transport = createRouterTransport(labRoutes(wiring), { router: wiring });
    expect(await outcome(callAs(transport, "unary", { authorization: "Bearer t" }))).toEqual(ok("t"));
    expect(await outcome(callAs(transport, "unary", { cookie: "s=x" }))).toEqual(ok(subject));
  });
});
