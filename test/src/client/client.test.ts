import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createGatewayAuthInterceptor, parseAuthHeaders } from "@connectum/auth";
import {
  type ClientBearerOptions,
  createClientBearerInterceptor,
  createClientGatewayInterceptor,
} from "@connectum/auth/client";
import { createMockAuthContext } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { withLab } from "../support/call.js";

/** Calls a real server; gives the headers that arrived, one for each call. */
async function arrived(
  interceptors: Interceptor[],
  calls: readonly { method?: "unary" | "publicUnary"; headers?: HeadersInit }[],
  server: Interceptor[] = [],
): Promise<Headers[]> {
  const seen: Headers[] = [];
  const look: Interceptor = (next) => (req) => {
    seen.push(new Headers(req.header));
    return next(req);
  };
  await withLab({ interceptors: [look, ...server] }, async ({ http1Url }) => {
    const client = createClient(
      EchoService,
      createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1", interceptors }),
    );
    for (const { method = "unary", headers = {} } of calls) await client[method]({}, { headers }).catch(() => {});
  });
  return seen;
}
const tokens = async (options: ClientBearerOptions, ...calls: Parameters<typeof arrived>[1]) =>
  (await arrived([createClientBearerInterceptor(options)], calls)).map((headers) => headers.get("authorization"));

describe("createClientBearerInterceptor", () => {
  test.each<{
    name: string;
    options: ClientBearerOptions;
    call: Parameters<typeof arrived>[1][number];
    want: string | null;
  }>([
    { name: "a token", options: { token: "t" }, call: {}, want: "Bearer t" },
    { name: "a provider", options: { token: async () => "t" }, call: {}, want: "Bearer t" },
    { name: "nobody signed in", options: { token: () => undefined }, call: {}, want: null },
    {
      name: "a header that the call has",
      options: { token: "t" },
      call: { headers: { authorization: "Bearer mine" } },
      want: "Bearer mine",
    },
    {
      name: "a public method",
      options: { token: "t", policies: [EchoServicePolicy] },
      call: { method: "publicUnary" },
      want: null,
    },
    {
      name: "a public method, asked to",
      options: { token: "t", policies: [EchoServicePolicy], sendToPublic: true },
      call: { method: "publicUnary" },
      want: "Bearer t",
    },
    { name: "a guarded method", options: { token: "t", policies: [EchoServicePolicy] }, call: {}, want: "Bearer t" },
    {
      name: "another origin",
      options: { token: "t", allowedOrigins: ["https://api.example.com"] },
      call: {},
      want: null,
    },
  ])("$name", async ({ options, call, want }) => expect(await tokens(options, call)).toEqual([want]));

  test("its own origin", async () => {
    await withLab({}, async ({ http1Url }) => {
      const sent: (string | null)[] = [];
      const look: Interceptor = (next) => (req) => {
        sent.push(req.header.get("authorization"));
        return next(req);
      };
      const bearer = createClientBearerInterceptor({ token: "t", allowedOrigins: [http1Url] });
      const transport = createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1", interceptors: [bearer, look] });
      await createClient(EchoService, transport).unary({});
      expect(sent).toEqual(["Bearer t"]);
    });
  });

  test.each(["", "undefined", "null", "a b", "a\nb", "é", "Bearer t"])(
    "a provider that gives %j fails the call, and nothing is sent",
    async (token) => {
      const seen = await tokens({ token: () => token }, {});
      expect(seen).toEqual([]);
    },
  );

  test("a provider that fails fails the call, and is asked again by the next", async () => {
    let asked = 0;
    const token = () => {
      if (++asked === 1) throw new Error("offline");
      return "t";
    };
    expect(await tokens({ token }, {}, {})).toEqual(["Bearer t"]);
  });
});

describe("createClientGatewayInterceptor", () => {
  const secret = "the-secret-between-services";
  const identity = createMockAuthContext({ subject: "Zoë", roles: ["a,b"], claims: { tenant: 7, secret: "s" } });

  test("the server's scheme reads it without further mapping", async () => {
    const trustSource = { header: "x-gateway-secret", secrets: secret };
    const subjects: unknown[] = [];
    const look: Interceptor = (next) => async (req) => {
      const res = await next(req);
      subjects.push((res.message as { subject?: string }).subject);
      return res;
    };
    await arrived(
      [createClientGatewayInterceptor({ identity, secret })],
      [{}],
      [look, createGatewayAuthInterceptor({ trustSource })],
    );
    expect(subjects).toEqual(["Zoë"]);
  });

  test("no identity header of the caller's code stays beside ours", async () => {
    const [headers] = await arrived(
      [createClientGatewayInterceptor({ identity, secret, claims: ["tenant"] })],
      [{ headers: { "x-auth-subject": "eve", "x-auth-name": "Eve", "x-auth-new": "1" } }],
    );
    expect(headers?.get("x-auth-name")).toBeNull();
    expect(headers?.get("x-auth-new")).toBeNull();
    expect(parseAuthHeaders(headers as Headers)).toEqual({ ...identity, claims: { tenant: 7 } });
  });

  test("a call for nobody carries neither an identity nor the secret", async () => {
    const [headers] = await arrived(
      [createClientGatewayInterceptor({ identity: () => undefined, secret })],
      [{ headers: { "x-auth-subject": "eve", "x-gateway-secret": "x" } }],
    );
    expect([headers?.get("x-auth-subject"), headers?.get("x-gateway-secret")]).toEqual([null, null]);
  });
});
