import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createClient, createContextValues, type Interceptor } from "@connectrpc/connect";
import * as first from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService } from "../gen/lab/v1/lab_pb.js";
import { callAs, kinds, missing, ok, outcome, tryIt, withLab } from "../support/call.js";

/** The built package from another folder: a process that has both has two copies of everything in it. */
let folder = "";
let second: typeof first;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "second-copy-"));
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  for (const part of ["dist", "src", "package.json"]) {
    await cp(join(root, "runtime", part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  second = await import(/* @vite-ignore */ pathToFileURL(join(folder, "dist/index.js")).href);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bearer = { authorization: "Bearer ada" };
const options = { verifyCredentials: (subject: string) => ({ subject, roles: ["admin"] }) };
const policies = [AccessServicePolicy, EchoServicePolicy];

test("they are two copies indeed", () => {
  expect(second.createAuth).not.toBe(first.createAuth);
  expect(second.InvalidCredentialError).not.toBe(first.InvalidCredentialError);
});

describe.each([
  { name: "the first copy authenticates", inner: () => [first, second] as const },
  { name: "the second copy authenticates", inner: () => [second, first] as const },
])("$name, and the other", ({ inner }) => {
  test("authorizes: by tables, and by rules", async () => {
    const [one, other] = inner();
    const proto = [one.createAuthInterceptor(options), other.createProtoAuthzInterceptor({ policies })];
    expect(await tryIt(proto, bearer)).toEqual(ok());
    expect(await tryIt(proto, {})).toMatchObject(missing);
    const byRule = (roles: string[]) => [
      one.createAuthInterceptor(options),
      other.createAuthzInterceptor({
        rules: [{ name: "echo", methods: ["lab.v1.EchoService/*"], requires: { roles }, effect: "allow" }],
      }),
    ];
    expect(await tryIt(byRule(["admin"]), bearer)).toEqual(ok());
    expect(await tryIt(byRule(["owner"]), bearer)).toMatchObject({ code: "PermissionDenied" });
  });

  test("tells the handler who is calling, in every kind of RPC", async () => {
    const [one, other] = inner();
    const seen: unknown[] = [];
    const look: Interceptor = (next) => (req) => {
      seen.push(other.getAuthContext()?.subject, other.getAuthContext({ values: req.contextValues })?.subject);
      seen.push(req.contextValues.get(other.authContextKey)?.subject);
      return next(req);
    };
    await withLab({ interceptors: [one.createAuthInterceptor(options), look] }, async ({ transports }) => {
      for (const kind of kinds) {
        expect(await callAs(transports.grpc, kind, bearer)).toBe("ada");
        expect(seen.splice(0)).toEqual(["ada", "ada", "ada"]);
      }
    });
  });

  test("opens internal methods to the internal caller alone", async () => {
    const [one, other] = inner();
    const trust = one.sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } });
    const by = (interceptor: Interceptor, headers: HeadersInit) =>
      withLab({ interceptors: [interceptor, other.createProtoAuthzInterceptor({ policies })] }, ({ transports }) => {
        const client = createClient(AccessService, transports.grpc);
        return outcome(client.internal({}, { headers }).then(({ subject }) => subject));
      });
    const internal = one.createInternalAuthInterceptor({ trust });
    expect(await by(internal, { "x-internal-secret": "the-secret-of-orders" })).toEqual(ok("orders"));
    expect(await by(one.createAuthInterceptor(options), bearer)).toMatchObject({ code: "PermissionDenied" });
  });

  test("knows that a call has been authorized", async () => {
    const [one, other] = inner();
    const { interceptors } = one.createAuth({ policies, authenticate: one.credentials(options) });
    const check: Interceptor = (next) => (req) => {
      const { method, header: requestHeader, contextValues: values, signal } = req;
      other.assertAuthorized({ method, requestHeader, values, signal });
      return next(req);
    };
    expect(await tryIt([...interceptors, check], bearer)).toEqual(ok());
    expect(await tryIt([one.createAuthInterceptor(options), check], bearer)).toMatchObject({ code: "Internal" });
  });

  test("reads the peer, and leaves the headers that the first propagated", async () => {
    const [one, other] = inner();
    const values = one.recordPeer({ socket: { remoteAddress: "10.0.0.1" } }, createContextValues());
    const at: Interceptor = (next) => (req) => next({ ...req, contextValues: values });
    const byPeer = other.createGatewayAuthInterceptor({
      headerMapping: { subject: "x-user" },
      trustSource: { peerAddresses: ["10.0.0.0/8"] },
    });
    expect(await tryIt([at, byPeer], { "x-user": "ada" })).toEqual(ok());

    let propagated: string | null = null;
    const look: Interceptor = (next) => (req) => {
      propagated = req.header.get("x-auth-subject");
      return next(req);
    };
    const chain = [
      one.createAuthInterceptor({ ...options, propagateHeaders: true }),
      other.createInternalAuthInterceptor({
        trust: other.sharedSecretTrust({ callers: { orders: "the-secret-of-orders" } }),
        methods: ["lab.v1.EchoService/InternalUnary"],
      }),
      look,
    ];
    expect(await tryIt(chain, { ...bearer, "x-auth-subject": "eve" })).toEqual(ok());
    expect(propagated).toBe("ada");
  });

  test("challenges by the scheme that established the caller", async () => {
    const [one, other] = inner();
    const interceptors = [one.createAuthInterceptor(options), other.createProtoAuthzInterceptor({ policies })];
    await withLab({ interceptors }, async ({ transports }) => {
      const { scope } = createClient(AccessService, transports.grpc);
      const got = await outcome(scope({}, { headers: bearer }).then(({ subject }) => subject));
      expect(got).toMatchObject({ code: "PermissionDenied", challenge: 'Bearer error="insufficient_scope"' });
    });
  });
});
