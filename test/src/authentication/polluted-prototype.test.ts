import { createContextValues, type Interceptor } from "@connectrpc/connect";
import {
  createAuth,
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createInternalAuthInterceptor,
  createJwtAuthInterceptor,
  createSessionAuthInterceptor,
  credentials,
  meshIdentityTrust,
  recordPeer,
  sharedSecretTrust,
} from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { afterEach, describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { missing, ok, refused, tryIt } from "./call.js";
import { witness } from "./witness.js";

/** Members that other code of the process has put onto `Object.prototype`; removed after each test. */
const planted: string[] = [];
function plant(members: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    planted.push(name);
  }
}
afterEach(() => {
  for (const name of planted.splice(0)) delete (Object.prototype as Record<string, unknown>)[name];
});

const bearer = { authorization: "Bearer ada" };
const verifySession = (token: string | undefined) => token ?? "none";
const mapSession = (subject: string) => ({ subject });
const secret = "the-secret-of-the-gateway";

describe("an option that is inherited from Object.prototype is not set", () => {
  test("cookie, bearer: sessions are found where the options say", async () => {
    plant({ cookie: "evil", name: "evil", cache: {}, cacheHeaders: ["x"] });
    const byBearer = createSessionAuthInterceptor({ bearer: true, verifySession, mapSession });
    expect(await tryIt(byBearer, { cookie: "evil=eve" })).toMatchObject(missing);
    expect((await witness(byBearer, bearer)).caller).toMatchObject({ subject: "ada", type: "session" });
  });
  test("bearer: false", async () => {
    plant({ bearer: false });
    const byCookie = createSessionAuthInterceptor({ cookie: "s", verifySession, mapSession });
    expect(await tryIt(byCookie, bearer)).toEqual(ok());
  });
  test("extractCredentials, challenge", async () => {
    plant({ extractCredentials: () => "eve", challenge: "Evil" });
    const interceptor = createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) });
    expect(await tryIt(interceptor, bearer)).toEqual(ok());
    expect(await tryIt(interceptor, {})).toEqual({ ...missing, challenge: "Bearer" });
  });
  test("skipMethods, optionalMethods, propagateHeaders", async () => {
    plant({ skipMethods: ["*"], optionalMethods: ["*"], propagateHeaders: true });
    const interceptor = createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) });
    expect(await tryIt(interceptor, {})).toMatchObject(missing);
    const { interceptors } = createAuth({
      policies: [EchoServicePolicy],
      authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
    });
    expect(await tryIt(interceptors, {})).toMatchObject(missing);
    expect(await tryIt(interceptors, bearer)).toEqual(ok());
  });
  test("headerMapping, and its fields", async () => {
    plant({ headerMapping: { subject: "x-evil" }, roles: "x-evil-roles", encoding: "utf-8" });
    const trustSource = { header: "x-secret", secrets: secret };
    const proof = { "x-secret": secret };
    const mapped = createGatewayAuthInterceptor({ headerMapping: { subject: "x-user" }, trustSource });
    const { caller } = await witness(mapped, { ...proof, "x-user": "ada", "x-evil-roles": "admin" });
    expect(caller).toMatchObject({ subject: "ada", roles: [] });
    expect(await tryIt(mapped, { ...proof, "x-user": "\u00c3\u00a9" })).toMatchObject(refused());
    const unmapped = createGatewayAuthInterceptor({ trustSource });
    expect(await tryIt(unmapped, { ...proof, "x-evil": "eve" })).toMatchObject(missing);
    expect(await tryIt(unmapped, { ...proof, "x-auth-subject": "ada" })).toEqual(ok());
  });
  test("peerAddresses, addresses, secrets of a trust source", async () => {
    plant({ peerAddresses: ["10.0.0.0/8"], addresses: ["10.0.0.0/8"] });
    const interceptor = createGatewayAuthInterceptor({
      headerMapping: { subject: "x-user" },
      trustSource: { header: "x-secret", secrets: secret },
    });
    const values = recordPeer({ socket: { remoteAddress: "10.0.0.1" } }, createContextValues());
    const at: Interceptor = (next) => (req) => next({ ...req, contextValues: values });
    expect(await tryIt([at, interceptor], { "x-user": "eve", "x-secret": "10.0.0.1" })).toMatchObject(refused());
  });
  test("header, mapCaller of trusts", async () => {
    plant({ header: "x-evil", mapCaller: () => ({ subject: "eve" }) });
    const shared = createInternalAuthInterceptor({
      trust: sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } }),
    });
    expect(await tryIt(shared, { "x-evil": "the-secret-of-orders" })).toMatchObject(missing);
    expect(await tryIt(shared, { "x-internal-secret": "the-secret-of-orders" })).toEqual(ok("orders"));
    const mesh = createInternalAuthInterceptor({
      trust: meshIdentityTrust({ allow: ["spiffe://lab/a"], trustSource: { header: "x-secret", secrets: secret } }),
    });
    const cert = { "x-secret": secret, "x-forwarded-client-cert": "URI=spiffe://lab/a" };
    expect(await tryIt(mesh, cert)).toEqual(ok("spiffe://lab/a"));
  });
});

describe("a field that is inherited from Object.prototype is no part of an identity", () => {
  const evil = { roles: ["admin"], scopes: ["all"], name: "Eve", type: "evil", claims: { admin: true } };
  const bare = { subject: "ada", roles: [], scopes: [], claims: {}, type: "credentials" };
  const by = (identity: unknown) => createAuthInterceptor({ verifyCredentials: () => identity as never });

  test("of an object, with or without a prototype", async () => {
    plant({ ...evil, subject: "eve" });
    expect({ ...(await witness(by({ subject: "ada" }), bearer)).caller }).toEqual(bare);
    const bareObject = Object.assign(Object.create(null), { subject: "ada" });
    expect({ ...(await witness(by(bareObject), bearer)).caller }).toEqual(bare);
    expect(await tryIt(by({}), bearer)).toMatchObject(refused());
    expect(await tryIt(by("ada"), bearer)).toMatchObject(refused());
  });
  test("of an instance, whose class counts", async () => {
    plant(evil);
    class User {
      get subject() {
        return "ada";
      }
    }
    class Admin extends User {
      readonly roles = ["owner"];
    }
    expect({ ...(await witness(by(new User()), bearer)).caller }).toEqual(bare);
    expect({ ...(await witness(by(new Admin()), bearer)).caller }).toEqual({ ...bare, roles: ["owner"] });
  });
  test("of a token", async () => {
    plant({ ...evil, scope: "all", scp: "all" });
    const jwt = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab", issuer: "test" });
    const token = await createTestJwt({ sub: "ada", aud: "lab", iss: "test" });
    const { caller, got } = await witness(jwt, { authorization: `Bearer ${token}` });
    expect(got).toEqual(ok());
    expect(caller).toMatchObject({ subject: "ada", roles: [], scopes: [] });
  });
});

test("no scheme becomes internal by Object.prototype", async () => {
  plant({ internal: true });
  const { createClient, createRouterTransport } = await import("@connectrpc/connect");
  const { EchoService } = await import("../gen/lab/v1/lab_pb.js");
  const { labRoutes } = await import("../support/lab.js");
  const { createProtoAuthzInterceptor } = await import("@connectum/auth");
  const router = {
    interceptors: [
      createAuthInterceptor({ verifyCredentials: (subject) => ({ subject }) }),
      createProtoAuthzInterceptor({ policies: [EchoServicePolicy] }),
    ],
  };
  const client = createClient(EchoService, createRouterTransport(labRoutes(router), { router }));
  await expect(client.internalUnary({}, { headers: bearer })).rejects.toMatchObject({ rawMessage: "Access denied" });
});
