import type { OutgoingHttpHeaders } from "node:http";
import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { type AuthContext, authContextKey, createAuth, gateway } from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { findFreePort } from "../servers/child-process.js";
import { startHttpServer, type TestHttpServer } from "../servers/http-server.js";
import { type Nginx, startNginx } from "../servers/nginx.js";
import { type Lab, startLab } from "../support/lab.js";

// nginx copies the headers of an identity service (auth_request), which writes names beyond ASCII and separators inside names.

const secret = "a-secret-of-the-gateway";
const utf8 = (text: string) => Buffer.from(text).toString("latin1");
const trustSource = { header: "x-gateway-secret", secrets: secret };
const fields = ["x-auth-request-user", "x-auth-request-preferred-username", "x-auth-request-groups"] as const;
const [user, name, groups] = fields;

/** The answer of the identity service, by the token of the client. */
const answers: Readonly<Record<string, OutgoingHttpHeaders>> = {
  // As oauth2-proxy: UTF-8, groups joined by commas.
  "utf-8": { [user]: "ada", [name]: utf8("Ada Müller"), [groups]: utf8("Prüfer,role:admin") },
  "latin-1": { [user]: "ada", [name]: "Ada M\xfcller", [groups]: "admin" },
  percent: { [user]: "ada%40example.com", [name]: "M%C3%BCller%2C%20Ada", [groups]: "Pr%C3%BCfer,a%2Cadmin" },
  malformed: { [user]: "ada", [name]: "Ada", [groups]: "Pr%C3,admin" },
  anonymous: {},
};

let identities: TestHttpServer;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  identities = await startHttpServer((request, response) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "anonymous";
    response.writeHead(204, answers[token] ?? {}).end();
  });
});

afterAll(async () => {
  for (const one of opened) await one.close();
  await identities?.stop();
});

/** A server behind nginx. The call returns the identity that the handler saw, or the code of the refusal. */
async function behindNginx(encoding: "utf-8" | "percent") {
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: gateway({ headerMapping: { subject: user, name, roles: groups, encoding }, trustSource }),
  });
  let seen: AuthContext | undefined;
  const look: Interceptor = (next) => (request) => {
    seen = request.contextValues.get(authContextKey);
    return next(request);
  };
  const lab: Lab = await startLab({ requestGate: auth.requestGate, interceptors: [...auth.interceptors, look] });
  const [http1, http2] = [await findFreePort(), await findFreePort()];
  const location = (pass: string, set: string) => `
    location / {
      auth_request /who;
      ${fields.map((field) => `auth_request_set $${field.replace(/-/g, "_")} $upstream_http_${field.replace(/-/g, "_")};`).join(" ")}
      ${fields.map((field) => `${set} ${field} $${field.replace(/-/g, "_")};`).join(" ")}
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
  const nginx: Nginx = await startNginx(
    `server { listen 127.0.0.1:${http1}; ${proxy} } server { listen 127.0.0.1:${http2} http2; ${grpc} }`,
    http1,
  );
  opened.push({ close: () => nginx.stop().then(() => lab.close()) });
  const transports: readonly Transport[] = [
    createConnectTransport({ baseUrl: `http://127.0.0.1:${http1}`, httpVersion: "1.1" }),
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${http2}` }),
  ];
  return (token: string, forged: Record<string, string> = {}) =>
    Promise.all(
      transports.map(async (transport) => {
        seen = undefined;
        try {
          await createClient(EchoService, transport).unary(
            { text: "x" },
            { headers: { ...forged, authorization: `Bearer ${token}` } },
          );
          return undefined;
        } catch (error) {
          return Code[ConnectError.from(error).code];
        }
      }),
    ).then((codes) => ({ codes, caller: seen }));
}

const accepted = [undefined, undefined];
const refused = ["Unauthenticated", "Unauthenticated"];
/** Every field, as a client that wants to be somebody else would send it. */
const forged = { [user]: "eve", [name]: "Eve", [groups]: "admin" };

describe("UTF-8 through nginx", () => {
  let call: Awaited<ReturnType<typeof behindNginx>>;
  beforeAll(async () => {
    call = await behindNginx("utf-8");
  });

  test("names and groups arrive as they are, whatever the client sends", async () => {
    for (const headers of [{}, forged]) {
      const { codes, caller } = await call("utf-8", headers);
      expect(codes).toEqual(accepted);
      expect(caller).toMatchObject({ subject: "ada", name: "Ada Müller", roles: ["Prüfer", "role:admin"] });
    }
  });

  test("Latin-1 is refused, and a caller without a name is anonymous", async () => {
    expect((await call("latin-1")).codes).toEqual(refused);
    expect((await call("anonymous", forged)).codes).toEqual(refused);
  });

  test("percent-encoded values are not decoded", async () => {
    const { codes, caller } = await call("percent");
    expect(codes).toEqual(accepted);
    expect(caller).toMatchObject({ subject: "ada%40example.com", roles: ["Pr%C3%BCfer", "a%2Cadmin"] });
  });
});

describe("percent-encoded values through nginx", () => {
  let call: Awaited<ReturnType<typeof behindNginx>>;
  beforeAll(async () => {
    call = await behindNginx("percent");
  });

  test("a comma in a name neither separates nor repeats it", async () => {
    const { codes, caller } = await call("percent", forged);
    expect(codes).toEqual(accepted);
    expect(caller).toMatchObject({ subject: "ada@example.com", name: "Müller, Ada", roles: ["Prüfer", "a,admin"] });
  });

  test("half a character, and bytes beside the encoding, are refused", async () => {
    expect((await call("malformed")).codes).toEqual(refused);
    expect((await call("utf-8")).codes).toEqual(refused);
  });
});
