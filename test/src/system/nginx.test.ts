import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createAuth, gateway } from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { findFreePort } from "../servers/child-process.js";
import { startHttpServer, type TestHttpServer } from "../servers/http-server.js";
import { type Nginx, startNginx } from "../servers/nginx.js";
import { type Lab, startLab } from "../support/lab.js";

// nginx asks who is calling (`auth_request`), and tells the server by headers that it alone may set.

const secret = "a-secret-of-the-gateway";
const headers = ["x-user", "x-user-roles", "x-gateway-secret"];

let identities: TestHttpServer;
let lab: Lab;
let nginx: Nginx;
let throughNginx: Record<"connect" | "grpc", (headers: Record<string, string>) => Promise<string>>;
let past: (headers: Record<string, string>) => Promise<string>;
/** Headers that reached the server with the last call, before anything was taken out of them. */
let arrived: Headers;
/** Headers that the handler's interceptors saw. */
let handled: Headers;

beforeAll(async () => {
  identities = await startHttpServer((request, response) => {
    const [, user] = /^Bearer token-of-(\w+)$/.exec(request.headers.authorization ?? "") ?? [];
    response.writeHead(user === undefined ? 401 : 204, user === undefined ? {} : { "x-user": user }).end();
  });
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: gateway({
      headerMapping: { subject: "x-user", roles: "x-user-roles" },
      trustSource: { header: "x-gateway-secret", secrets: secret },
    }),
  });
  lab = await startLab({
    requestGate(context) {
      arrived = new Headers(context.requestHeader);
      return auth.requestGate(context);
    },
    interceptors: [
      ...auth.interceptors,
      (next) => (request) => {
        handled = new Headers(request.header);
        return next(request);
      },
    ],
  });
  const [http1, http2] = [await findFreePort(), await findFreePort()];
  const location = (pass: string, set: string) => `
    location / {
      auth_request /who;
      auth_request_set $who $upstream_http_x_user;
      ${set} x-user $who;
      ${set} x-user-roles "";
      ${set} x-gateway-secret ${secret};
      ${pass};
    }
    location = /who {
      internal;
      proxy_pass ${identities.url};
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }`;
  const proxy = location(`proxy_http_version 1.1; proxy_pass ${lab.http1Url}`, "proxy_set_header");
  const grpc = location(`grpc_pass ${lab.http2Url.replace("http:", "grpc:")}`, "grpc_set_header");
  nginx = await startNginx(
    `server { listen 127.0.0.1:${http1}; ${proxy} } server { listen 127.0.0.1:${http2} http2; ${grpc} }`,
    http1,
  );
  const by = (transport: ReturnType<typeof createGrpcTransport>) => (sent: Record<string, string>) =>
    createClient(EchoService, transport)
      .unary({ text: "x" }, { headers: sent })
      .then(
        ({ subject }) => subject,
        (error) => Code[ConnectError.from(error).code] as string,
      );
  throughNginx = {
    connect: by(createConnectTransport({ baseUrl: `http://127.0.0.1:${http1}`, httpVersion: "1.1" })),
    grpc: by(createGrpcTransport({ baseUrl: `http://127.0.0.1:${http2}` })),
  };
  past = by(lab.transports.grpc);
});

afterAll(async () => {
  await nginx?.stop();
  await lab?.close();
  await identities?.stop();
});

describe.each(["connect", "grpc"] as const)("through nginx, over %s", (protocol) => {
  const ada = { authorization: "Bearer token-of-ada" };

  test("the caller is who the identity service says", async () => {
    expect(await throughNginx[protocol](ada)).toBe("ada");
    expect(await throughNginx[protocol]({})).toBe("Unauthenticated");
    expect(await throughNginx[protocol]({ authorization: "Bearer made-up" })).toBe("Unauthenticated");
  });

  test.each<[string, Record<string, string>]>([
    ["the mapped subject", { "x-user": "eve" }],
    ["the mapped subject in capitals", { "X-USER": "eve" }],
    ["the mapped roles", { "x-user-roles": "admin" }],
    ["identity headers of ours", { "x-auth-subject": "eve", "x-auth-roles": '["admin"]', "x-auth-claims": "{}" }],
    ["an identity header that does not exist yet", { "x-auth-tomorrow": "eve" }],
    ["a guess of the secret", { "x-user": "eve", "x-gateway-secret": "guess" }],
    ["the secret itself", { "x-user": "eve", "x-user-roles": "admin", "x-gateway-secret": secret }],
  ])("forged from outside: %s", async (_, forged) => {
    expect(await throughNginx[protocol]({ ...forged })).toBe("Unauthenticated");
    expect(await throughNginx[protocol]({ ...ada, ...forged })).toBe("ada");
    // nginx has overwritten what the mapping names; the rest arrived, and was taken out before a handler saw it.
    expect([arrived.get("x-user"), arrived.get("x-user-roles")]).toEqual(["ada", null]);
    expect([...handled.keys()].filter((name) => name.startsWith("x-auth-") || headers.includes(name))).toEqual([]);
  });
});

test("past nginx, headers without its secret are refused", async () => {
  expect(await past({ "x-user": "eve" })).toBe("Unauthenticated");
  expect(await past({ "x-user": "eve", "x-gateway-secret": "guess" })).toBe("Unauthenticated");
  expect(await past({ "x-user": "ada", "x-gateway-secret": secret })).toBe("ada");
});
