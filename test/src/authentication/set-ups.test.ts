import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createProtoAuthzInterceptor } from "@connectum/auth";
import { createTestJwt, startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";
import type { startLab } from "../support/lab.js";
import { missing, ok, outcome, refused, tryIt, withLab } from "./call.js";
import { policies } from "./set-ups/gen/auth_policies.js";

type Wiring = Parameters<typeof startLab>[0];

const document = new URL("../../../docs/authentication.md", import.meta.url);
const folder = new URL("./set-ups/", import.meta.url);
const stubs = ["sessions.ts", "sign-in.ts"];

test("the document shows the set-ups as they are, every one of them", () => {
  const text = readFileSync(document, "utf8");
  const shown: string[] = [];
  const current = text.replace(/```ts (\S+)\n[^`]*```/g, (_, name: string) => {
    shown.push(name);
    return `\`\`\`ts ${name}\n${readFileSync(new URL(name, folder), "utf8")}\`\`\``;
  });
  // `UPDATE_DOCS=1` writes the set-ups into the document.
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(document, current);
  expect(text).toBe(current);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !stubs.includes(name));
  expect(shown.sort()).toEqual(files.sort());
});

let login: TestKeySet;
let partner: TestKeySet;
beforeAll(async () => {
  login = await startTestKeySet();
  partner = await startTestKeySet("ES256");
  Object.assign(process.env, {
    JWKS_URI: login.jwksUri,
    PARTNER_JWKS_URI: partner.jwksUri,
    GATEWAY_SECRET: "the-secret-of-the-gateway",
    BILLING_SECRET: "the-secret-of-billing",
  });
});
afterAll(() => Promise.all([login.close(), partner.close()]));

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const user = { sub: "ada", iss: "https://login.example.com", aud: "shop" };
const admin = { ...user, realm_access: { roles: ["admin"] } };

const methods = {
  unary: EchoService.method.unary,
  publicUnary: EchoService.method.publicUnary,
  internalUnary: EchoService.method.internalUnary,
  role: AccessService.method.role,
  scope: AccessService.method.scope,
};

/** Calls a method of a server that is wired this way, over two protocols that must agree. */
async function call(wiring: Wiring, method: keyof typeof methods, headers: HeadersInit = {}) {
  return withLab(wiring, async ({ transports }) => {
    const got = await Promise.all(
      [transports.grpc, transports["connect-h1"]].map((transport) => {
        const clients = { ...createClient(EchoService, transport), ...createClient(AccessService, transport) };
        return outcome(clients[method]({}, { headers }).then(({ subject }) => subject));
      }),
    );
    expect(got[0]).toEqual(got[1]);
    return got[0];
  });
}

describe("JSON Web Tokens", () => {
  test("createAuth", async () => {
    const { auth } = await import("./set-ups/jwt.js");
    expect(await call(auth, "publicUnary")).toEqual(ok(""));
    expect(await call(auth, "unary")).toMatchObject(missing);
    expect(await call(auth, "unary", bearer(await login.sign(user)))).toEqual(ok());
    expect(await call(auth, "unary", bearer(await login.sign({ ...user, aud: "other" })))).toMatchObject(refused());
    expect(await call(auth, "role", bearer(await login.sign(user)))).toMatchObject({ code: "PermissionDenied" });
    expect(await call(auth, "role", bearer(await login.sign(admin)))).toEqual(ok());
  });
  test("a chain of your own", async () => {
    const { interceptors } = await import("./set-ups/own-chain.js");
    expect(await call({ interceptors }, "publicUnary")).toEqual(ok(""));
    expect(await call({ interceptors }, "unary")).toMatchObject(missing);
    expect(await call({ interceptors }, "unary", bearer(await login.sign(user)))).toEqual(ok());
    expect(await call({ interceptors }, "role", bearer(await login.sign(user)))).toMatchObject({
      code: "PermissionDenied",
    });
  });
  test("several issuers", async () => {
    const { auth } = await import("./set-ups/issuers.js");
    const iss = "https://partner.example.com";
    expect(await call(auth, "unary", bearer(await login.sign(user)))).toEqual(ok());
    expect(await call(auth, "unary", bearer(await partner.sign({ ...user, iss })))).toEqual(ok());
    expect(await call(auth, "unary", bearer(await partner.sign(user)))).toMatchObject(refused());
  });
  test("optional identity", async () => {
    const { auth } = await import("./set-ups/optional.js");
    expect(await call(auth, "publicUnary")).toEqual(ok(""));
    expect(await call(auth, "publicUnary", bearer(await login.sign(user)))).toEqual(ok());
    expect(await call(auth, "publicUnary", bearer(await createTestJwt(user)))).toMatchObject(refused());
  });
  test("a cache that is shared", async () => {
    const { auth } = await import("./set-ups/shared-cache.js");
    const token = await login.sign(user);
    for (let i = 0; i < 3; i++) expect(await call(auth, "unary", bearer(token))).toEqual(ok());
    expect(await call(auth, "unary", bearer(await createTestJwt(user)))).toMatchObject(refused());
  });
});

describe("a gateway", () => {
  const secret = { "x-gateway-secret": "the-secret-of-the-gateway" };
  test("by its secret", async () => {
    const { auth } = await import("./set-ups/gateway.js");
    const headers = { "x-user-id": "ada", "x-user-roles": "admin,user" };
    expect(await call(auth, "role", { ...secret, ...headers })).toEqual(ok());
    expect(await call(auth, "role", { ...secret, ...headers, "x-user-roles": "user" })).toMatchObject({
      code: "PermissionDenied",
    });
    expect(await call(auth, "role", headers)).toMatchObject(refused());
    expect(await call(auth, "unary", secret)).toMatchObject(missing);
  });
  test("by its address", async () => {
    const { options } = await import("./set-ups/gateway-by-address.js");
    expect(await call(options, "unary", { "x-user-id": "ada" })).toEqual(ok());
    const { contextValues: _, ...unrecorded } = options;
    expect(await call(unrecorded, "unary", { "x-user-id": "ada" })).toMatchObject(refused());
  });
});

test("sessions", async () => {
  const { auth } = await import("./set-ups/session.js");
  expect(await call(auth, "role", { cookie: "theme=dark; session=s3cr3t" })).toEqual(ok());
  expect(await call(auth, "role", { cookie: "session=guess" })).toMatchObject(refused());
  expect(await call(auth, "unary", { cookie: "theme=dark" })).toMatchObject(missing);
});

test("API keys", async () => {
  const { auth } = await import("./set-ups/api-key.js");
  expect(await call(auth, "scope", { "x-api-key": "key-1" })).toEqual(ok());
  expect(await call(auth, "scope", { "x-api-key": "key-2" })).toMatchObject(refused());
  expect(await call(auth, "scope")).toMatchObject(missing);
});

describe("services", () => {
  test("by a token or a secret, beside users", async () => {
    const { auth } = await import("./set-ups/internal.js");
    const service = await partner.sign({ sub: "orders", iss: "https://services.example.com", aud: "shop" });
    expect(await call(auth, "internalUnary", { "x-service-token": service })).toEqual(ok("orders"));
    expect(await call(auth, "internalUnary", { "x-internal-secret": "the-secret-of-billing" })).toEqual(ok("billing"));
    expect(await call(auth, "internalUnary", bearer(await login.sign(user)))).toMatchObject(missing);
    expect(await call(auth, "internalUnary", { "x-service-token": await login.sign(user) })).toMatchObject(refused());
    expect(await call(auth, "unary", bearer(await login.sign(user)))).toEqual(ok());
  });
  test("behind a mesh", async () => {
    const { internal } = await import("./set-ups/mesh.js");
    const { recordPeer } = await import("@connectum/auth");
    const wiring = { interceptors: [internal, createProtoAuthzInterceptor({ policies })], contextValues: recordPeer };
    const cert = (uri: string) => ({ "x-forwarded-client-cert": `Hash=1;URI=spiffe://cluster.local/ns/${uri}` });
    expect(await call(wiring, "internalUnary", cert("shop/sa/orders"))).toMatchObject({ code: "ok" });
    expect(await call(wiring, "internalUnary", cert("shop/sa/web"))).toMatchObject(refused());
    expect(await call(wiring, "internalUnary")).toMatchObject(missing);
  });
});

test("clients", async () => {
  const { bearer: client, onBehalf } = await import("./set-ups/clients.js");
  const seen: (string | null)[] = [];
  const look: Interceptor = (next) => (req) => {
    seen.push(req.header.get("authorization"), req.header.get("x-gateway-secret"));
    return next(req);
  };
  // The router transport is another origin, and outside of a call there is nobody to speak for.
  await tryIt([client, onBehalf, look]);
  expect(seen).toEqual([null, null]);
});
