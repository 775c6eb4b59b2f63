import { runInNewContext } from "node:vm";
import {
  type CallOptions,
  Code,
  ConnectError,
  createClient,
  createContextKey,
  createContextValues,
  createRouterTransport,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createTransport } from "@connectrpc/connect/protocol-connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  createNodeHttpClient,
} from "@connectrpc/connect-node";
import { createAuthInterceptor } from "@connectum/auth";
import {
  type BearerToken,
  createClientBearerInterceptor,
  type SharedTokenOptions,
  sharedToken,
  type TokenProvider,
} from "@connectum/auth/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { callAs, kinds, outcome, withLab } from "../support/call.js";
import { labRoutes } from "../support/lab.js";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A server whose callers are named by their tokens; `bad` ones are refused. */
const server = {
  interceptors: [
    createAuthInterceptor({ verifyCredentials: (token) => (token.startsWith("bad") ? null : { subject: token }) }),
  ],
};

/** A client over the router transport: its calls run as those of any transport. */
function clientOf(token: TokenProvider) {
  const transport = createRouterTransport(labRoutes(server), {
    router: server,
    transport: { interceptors: [createClientBearerInterceptor({ token })] },
  });
  const client = createClient(EchoService, transport);
  return (options: CallOptions = {}) => outcome(client.unary({}, options).then(({ subject }) => subject));
}

/** A promise that a test settles. */
function defer<T>() {
  let settle: { resolve(value: T): void; reject(error: unknown): void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as { resolve(value: T): void; reject(error: unknown): void }) };
}

const hour = () => new Date(Date.now() + 3_600_000);

describe("a provider answers for one call", () => {
  const userKey = createContextKey("nobody");
  const asUser = (user: string): CallOptions => ({ contextValues: createContextValues().set(userKey, user) });

  test.each<[string, (user: string) => string | BearerToken]>([
    ["a text", (user) => user],
    ["a text with an expiry", (user) => ({ token: user, expiresAt: hour() })],
  ])("concurrent and later calls of other users carry their own tokens: %s", async (_, answer) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const waiting = defer<void>();
    const provider = vi.fn(async ({ contextValues }: Parameters<TokenProvider>[0]) => {
      await waiting.promise;
      return answer(contextValues.get(userKey));
    });
    const call = clientOf(provider);
    const users = ["ada", "bob", "ada", "eve"];
    const pending = users.map((user) => call(asUser(user)));
    waiting.resolve();
    expect((await Promise.all(pending)).map(({ text }) => text)).toEqual(users);
    expect(await call(asUser("bob"))).toMatchObject({ text: "bob" });
    expect(provider).toHaveBeenCalledTimes(5);
  });

  test("it gets the request", async () => {
    const call = clientOf((req) => `${req.method.name}.${req.header.get("x-tenant")}`);
    expect(await call({ headers: { "x-tenant": "t1" } })).toMatchObject({ text: "Unary.t1" });
  });

  test("an expiry without effect is said, once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const call = clientOf(() => ({ token: "t", expiresAt: hour() }));
    for (let i = 0; i < 2; i++) expect(await call()).toMatchObject({ text: "t" });
    expect(warn.mock.calls).toEqual([[expect.stringContaining("write token: sharedToken(...)")]]);
  });
});

describe("a provider that never answers", () => {
  const hanging = () => new Promise<never>(() => {});
  test.each<[string, (answer: () => Promise<string>) => TokenProvider]>([
    ["asked for each call", (answer) => answer],
    ["shared", (answer) => sharedToken(answer)],
  ])("ends with the call's timeout or signal, and takes no other call with it: %s", async (_, provide) => {
    let answer: () => Promise<string> = hanging;
    const call = clientOf(provide(() => answer()));
    const canceled = new AbortController();
    const late = call({ timeoutMs: 20 });
    const left = call({ signal: canceled.signal });
    canceled.abort();
    expect(await late).toMatchObject({ code: "DeadlineExceeded" });
    expect(await left).toMatchObject({ code: "Canceled" });
    expect(await call({ signal: canceled.signal })).toMatchObject({ code: "Canceled" });
    answer = async () => "t";
    expect(await call()).toMatchObject({ text: "t" });
  });

  test("a shared one is given up after its own time, and asked again by the next call", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const signals: AbortSignal[] = [];
    const call = clientOf(
      sharedToken(
        ({ signal }) => {
          signals.push(signal);
          return signals.length === 1 ? hanging() : "t";
        },
        { timeout: 5_000 },
      ),
    );
    const pending = [call(), call()];
    await vi.advanceTimersByTimeAsync(4_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all(pending)).toEqual(
      Array(2).fill({
        code: "Unavailable",
        text: "The token provider returned no token within 5000 ms",
        challenge: null,
      }),
    );
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const next = call();
    await vi.advanceTimersByTimeAsync(10);
    expect(await next).toMatchObject({ text: "t" });
  });

  test("a call that joins an attempt shortly before its time is over has time for another one", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    let asked = 0;
    const call = clientOf(sharedToken(() => (++asked === 1 ? hanging() : "t"), { timeout: 5_000 }));
    const first = call();
    await vi.advanceTimersByTimeAsync(4_000);
    const second = call();
    await vi.advanceTimersByTimeAsync(1_010);
    expect([await first, await second]).toMatchObject([{ code: "Unavailable" }, { text: "t" }]);
    expect(asked).toBe(2);
  });

  test("a provider that hangs for good fails each call once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const ask = vi.fn(hanging);
    const call = clientOf(sharedToken(ask, { timeout: 5_000 }));
    const first = call();
    await vi.advanceTimersByTimeAsync(4_000);
    const second = call();
    await vi.advanceTimersByTimeAsync(6_000);
    expect([await first, await second]).toMatchObject([{ code: "Unavailable" }, { code: "Unavailable" }]);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test("an answer that comes when all have left is not kept", async () => {
    const late = defer<BearerToken>();
    const answers: (BearerToken | Promise<BearerToken>)[] = [late.promise, { token: "t2", expiresAt: hour() }];
    const call = clientOf(sharedToken(() => answers.shift() ?? "t3"));
    const controller = new AbortController();
    const left = call({ signal: controller.signal });
    controller.abort();
    expect(await left).toMatchObject({ code: "Canceled" });
    expect(await call()).toMatchObject({ text: "t2" });
    late.resolve({ token: "t1", expiresAt: hour() });
    expect(await call()).toMatchObject({ text: "t2" });
  });

  test("who leaves does not end the attempt of those who wait", async () => {
    const answer = defer<string>();
    const call = clientOf(sharedToken(() => answer.promise));
    const controller = new AbortController();
    const [left, stays] = [call({ signal: controller.signal }), call()];
    controller.abort();
    expect(await left).toMatchObject({ code: "Canceled" });
    answer.resolve("t");
    expect(await stays).toMatchObject({ text: "t" });
  });
});

describe("errors of a provider", () => {
  const system = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  test.each<[string, unknown, Partial<Record<"code" | "text", string>>]>([
    [
      "a ConnectError is kept",
      new ConnectError("sign in again", Code.FailedPrecondition),
      { code: "FailedPrecondition", text: "sign in again" },
    ],
    [
      "a ConnectError of another realm as well",
      runInNewContext(`Object.assign(new Error("x"), { name: "ConnectError", code: 9, rawMessage: "y" })`),
      { code: "FailedPrecondition", text: "y" },
    ],
    [
      "an outage",
      new TypeError("fetch failed", { cause: system }),
      { code: "Unavailable", text: "The token provider failed" },
    ],
    ["an abort that is not the call's", new DOMException("x", "AbortError"), { code: "Unavailable" }],
    ["any other", new Error("no refresh token"), { code: "Unauthenticated", text: "The token provider failed" }],
    ["not an error", "no", { code: "Unauthenticated" }],
  ])("%s", async (_, error, want) => {
    for (const fail of [
      () => Promise.reject(error),
      () => {
        throw error;
      },
    ]) {
      expect(await clientOf(fail)()).toMatchObject(want);
      expect(await clientOf(sharedToken(fail))()).toMatchObject(want);
    }
  });

  test.each(["", "undefined", "null", "a b", "a\nb", "é", "Bearer t", 7, true, {}, { token: 7 }, []])(
    "%j is no token",
    async (answer) => {
      const want = { code: "Unauthenticated", text: "The token provider returned an invalid Bearer token" };
      expect(await clientOf(() => answer as string)()).toMatchObject(want);
      expect(await clientOf(sharedToken(() => answer as string))()).toMatchObject(want);
    },
  );

  test("a shared one that failed is asked again by the next call", async () => {
    let asked = 0;
    const call = clientOf(
      sharedToken(() => {
        if (++asked === 1) throw new Error("offline");
        return { token: "t", expiresAt: hour() };
      }),
    );
    expect([await call(), await call(), await call()]).toMatchObject([
      { code: "Unauthenticated" },
      { text: "t" },
      { text: "t" },
    ]);
    expect(asked).toBe(2);
  });
});

describe("sharedToken", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"], now: 1_800_000_000_000 }));

  /** Tokens t1, t2, and so on, that expire so. */
  function counting(expiresAt: () => BearerToken["expiresAt"], options?: SharedTokenOptions) {
    let asked = 0;
    const call = clientOf(sharedToken(async () => ({ token: `t${++asked}`, expiresAt: expiresAt() }), options));
    return async () => (await call()).text;
  }

  test("calls at the same time share one attempt, also where the token is not kept", async () => {
    const subject = counting(() => undefined);
    const got = await Promise.all(Array.from({ length: 20 }, subject));
    expect(new Set(got)).toEqual(new Set(["t1"]));
    expect(await subject()).toBe("t2");
  });

  test.each([
    { name: "an hour: until 30 seconds before", life: 3_600_000, kept: 3_570_000 },
    { name: "20 seconds: half of them", life: 20_000, kept: 10_000 },
    { name: "over already", life: -1, kept: 0 },
  ])("a token is kept until shortly before it expires: $name", async ({ life, kept }) => {
    const subject = counting(() => new Date(Date.now() + life));
    expect(await subject()).toBe("t1");
    if (kept > 0) {
      vi.advanceTimersByTime(kept - 1);
      expect(await subject()).toBe("t1");
      vi.advanceTimersByTime(1);
    }
    expect(await subject()).toBe("t2");
  });

  test.each([
    { name: "ahead", step: 3_600_000, want: "t2" },
    { name: "back", step: -86_400_000, want: "t1" },
  ])("the clock is set $name", async ({ step, want }) => {
    const subject = counting(() => new Date(Date.now() + 3_600_000));
    expect(await subject()).toBe("t1");
    vi.setSystemTime(Date.now() + step);
    expect(await subject()).toBe(want);
    vi.advanceTimersByTime(3_600_000);
    expect(await subject()).not.toBe("t1");
  });

  const inAnHour = 1_800_003_600_000;
  test.each<[string, unknown]>([
    ["a Date", new Date(inAnHour)],
    ["a Date of another realm", runInNewContext(`new Date(${inAnHour})`)],
    ["milliseconds", inAnHour],
    ["seconds", inAnHour / 1_000],
    ["ISO text", new Date(inAnHour).toISOString()],
    ["ISO text with an offset", "2027-01-15T10:00:00+01:00"],
  ])("expiresAt may be %s", async (_, expiresAt) => {
    const subject = counting(() => expiresAt as Date);
    expect([await subject(), await subject()]).toEqual(["t1", "t1"]);
    vi.advanceTimersByTime(3_600_000);
    expect(await subject()).toBe("t2");
  });

  test.each([[undefined], [null]])("expiresAt may be missing (%s): the token is not kept", async (expiresAt) => {
    const subject = counting(() => expiresAt);
    expect([await subject(), await subject()]).toEqual(["t1", "t2"]);
  });

  test.each<[unknown]>([
    [3600],
    [0],
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [5e11],
    [1e17],
    [""],
    ["soon"],
    ["3600"],
    ["2027-01-15"],
    ["2027-01-15T10:00:00"],
    [new Date(Number.NaN)],
    [true],
    [{}],
  ])("expiresAt: %j is refused, at every call and not for ever", async (expiresAt) => {
    let current = expiresAt;
    const call = clientOf(sharedToken(() => ({ token: "t", expiresAt: current as Date })));
    for (let i = 0; i < 2; i++) {
      const { code, text } = await call();
      expect(code).toBe("Internal");
      expect(text).toMatch(/^expiresAt: expected a Date, seconds or milliseconds .* write new Date\(Date\.now\(\)/);
    }
    current = new Date(inAnHour);
    expect(await call()).toMatchObject({ text: "t" });
  });

  test("nobody signed in: the call goes without, and the next asks again", async () => {
    const answers = [undefined, null, "t"];
    const call = clientOf(sharedToken(() => answers.shift()));
    expect([await call(), await call(), await call()]).toMatchObject([
      { text: "Missing credentials" },
      { text: "Missing credentials" },
      { text: "t" },
    ]);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1", null])("timeout: %s is refused", (timeout) => {
    expect(() => sharedToken(() => "t", { timeout: timeout as number })).toThrow(
      "sharedToken.timeout: expected milliseconds above 0",
    );
  });
  test("any finite timeout is one", async () => {
    expect(await clientOf(sharedToken(() => "t", { timeout: 2 ** 40 }))()).toMatchObject({ text: "t" });
  });
  test("misuse is refused", () => {
    expect(() => sharedToken("t" as never)).toThrow("sharedToken: expected a function, got string");
    expect(() => sharedToken(() => "t", JSON.parse('{"timeOut":1}'))).toThrow("Did you mean timeout");
  });
});

describe("a refused token is forgotten", () => {
  const make: Record<string, (urls: { http1Url: string; http2Url: string }, interceptors: Interceptor[]) => Transport> =
    {
      connect: ({ http2Url }, interceptors) =>
        createConnectTransport({ baseUrl: http2Url, httpVersion: "2", interceptors }),
      grpc: ({ http2Url }, interceptors) => createGrpcTransport({ baseUrl: http2Url, interceptors }),
      "grpc-web": ({ http2Url }, interceptors) =>
        createGrpcWebTransport({ baseUrl: http2Url, httpVersion: "2", interceptors }),
    };
  test.each(Object.keys(make).flatMap((protocol) => kinds.map((kind) => [protocol, kind] as const)))(
    "%s, %s",
    async (protocol, kind) => {
      let asked = 0;
      const token = sharedToken(() => ({ token: ++asked === 1 ? "bad" : `t${asked}`, expiresAt: hour() }));
      await withLab(server, async (lab) => {
        const transport = (make[protocol] as (typeof make)["grpc"])(lab, [createClientBearerInterceptor({ token })]);
        expect(await outcome(callAs(transport, kind, {}))).toMatchObject({ code: "Unauthenticated" });
        expect(await outcome(callAs(transport, kind, {}))).toMatchObject({ code: "ok", text: "t2" });
        expect(await outcome(callAs(transport, kind, {}))).toMatchObject({ code: "ok", text: "t2" });
      });
    },
  );

  test("and one that was refused late does not take the next one with it", async () => {
    const answers = ["bad1", "t2", "t3"];
    const provider = sharedToken(() => ({ token: answers.shift() ?? "", expiresAt: hour() }));
    const call = clientOf(provider);
    expect(await call()).toMatchObject({ code: "Unauthenticated" });
    expect(await call()).toMatchObject({ text: "t2" });
    provider.forget?.("bad1");
    expect(await call()).toMatchObject({ text: "t2" });
  });
});

describe("allowedOrigins and a relative baseUrl", () => {
  test.each<[string, string, string | undefined, string[], string]>([
    ["of a page whose origin is allowed", "/api", "https://app.example.com", ["https://app.example.com"], "t"],
    [
      "of a page whose origin is not",
      "/api",
      "https://app.example.com",
      ["https://api.example.com"],
      "Missing credentials",
    ],
    ["of a page without an origin", "/api", "null", ["https://api.example.com"], "t"],
    ["where there is no page", "/api", undefined, ["https://api.example.com"], "t"],
    ["without a slash", "api", undefined, ["https://api.example.com"], "t"],
    ["that names another host", "//evil.example/api", undefined, ["https://api.example.com"], "Missing credentials"],
    [
      "that names another host, on a page",
      "//evil.example/api",
      "https://app.example.com",
      ["https://app.example.com"],
      "Missing credentials",
    ],
    [
      "that names the allowed host, on a page",
      "//api.example.com/x",
      "https://app.example.com",
      ["https://api.example.com"],
      "t",
    ],
    ["that is absolute", "https://api.example.com/x", "https://app.example.com", ["https://api.example.com"], "t"],
    [
      "that is absolute, and of the page",
      "https://app.example.com/x",
      "https://app.example.com",
      ["https://api.example.com"],
      "Missing credentials",
    ],
  ])("%s", async (_, baseUrl, page, allowedOrigins, want) => {
    if (page !== undefined) vi.stubGlobal("location", { origin: page });
    await withLab(server, async ({ http1Url }) => {
      const send = createNodeHttpClient({ httpVersion: "1.1" });
      const transport = createTransport({
        baseUrl,
        // As a browser, or a framework's own fetch, which knows where the server is.
        httpClient: (request) => send({ ...request, url: `${http1Url}/${request.url.split("/").slice(-2).join("/")}` }),
        interceptors: [createClientBearerInterceptor({ token: "t", allowedOrigins })],
        useBinaryFormat: true,
        acceptCompression: [],
        sendCompression: null,
        compressMinBytes: 0,
        readMaxBytes: 1e6,
        writeMaxBytes: 1e6,
      });
      const { text } = await outcome(
        createClient(EchoService, transport)
          .unary({})
          .then(({ subject }) => subject),
      );
      expect(text).toBe(want);
    });
  });
});
