import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  type AuthScheme,
  createAuth,
  createJwtAuthInterceptor,
  createRevocations,
  jwt,
  signedTokenTrust,
} from "@connectum/auth";
import { dpop } from "@connectum/auth/jwt";
import { Keyv } from "keyv";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { ok, refused, tryIt, unavailable } from "../support/call.js";
import { startLab } from "../support/lab.js";
import { refusalOf } from "../support/verification.js";
import { type BoundClient, createBoundClient, issuer, provenHeaders } from "./bound-tokens.js";

const baseUrl = "https://api.example.com";
let ada: BoundClient;
let token: string;
beforeAll(async () => {
  ada = await createBoundClient();
  token = await ada.token();
});
afterEach(() => void vi.useRealTimers());
const headers = (more: object = {}) => provenHeaders(ada, { baseUrl, token, ...more });

describe("a proof", () => {
  test("is demanded for every call, although the token is cached", async () => {
    const interceptor = createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl })] });
    for (let i = 0; i < 3; i++) {
      const proven = await headers();
      expect(await tryIt(interceptor, proven)).toEqual(ok());
      expect(await tryIt(interceptor, proven)).toMatchObject(refused());
      expect(await tryIt(interceptor, { authorization: `DPoP ${token}` })).toMatchObject(refused());
    }
  });

  test("counts once for the gate and the interceptor of a call, however slow the body is", async () => {
    // Nothing is cached: the verification at the gate is over after five seconds.
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const proofs = [dpop({ baseUrl })];
    let verified = 0;
    const scheme = jwt({ ...issuer, proofs, cache: false });
    const counting: AuthScheme = {
      ...scheme,
      read(source) {
        const credential = scheme.read(source);
        const verify = () => {
          verified++;
          return credential?.verify();
        };
        return credential && ({ ...credential, verify } as typeof credential);
      },
    };
    const auth = createAuth({ policies: [EchoServicePolicy], authenticate: counting });
    const slow: (typeof auth.interceptors)[number] = (next) => async (req) => {
      vi.advanceTimersByTime(30_000);
      return next(req);
    };
    const lab = await startLab({ ...auth, interceptors: [slow, ...auth.interceptors] });
    try {
      const echo = createClient(EchoService, lab.transports.connect);
      const proven = await headers();
      expect((await echo.unary({}, { headers: proven })).subject).toBe("ada");
      expect(verified).toBe(2);
      await expect(echo.unary({}, { headers: proven })).rejects.toMatchObject({ code: Code.Unauthenticated });
    } finally {
      await lab.close();
    }
  });

  test("is not looked at for a public method, and is for an optional one", async () => {
    const create = (options: object) =>
      createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl })], ...options });
    const unproven = { authorization: `DPoP ${token}` };
    const method = "lab.v1.EchoService/Unary";
    expect(await tryIt(create({ skipMethods: [method] }), unproven)).toEqual(ok(""));
    expect(await tryIt(create({ optionalMethods: [method] }), unproven)).toMatchObject(refused());
    expect(await tryIt(create({ optionalMethods: [method] }))).toEqual(ok(""));
    expect(await tryIt(create({ optionalMethods: [method] }), await headers())).toEqual(ok());
  });

  test("of a revoked token is not used up", async () => {
    const revocations = createRevocations();
    const interceptor = createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl })], revocations });
    const proven = await headers();
    expect(await tryIt(interceptor, await headers())).toEqual(ok());
    for (const credential of [`DPoP ${token}`, token]) {
      const revoked = createRevocations();
      const other = createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl })], revocations: revoked });
      await revoked.revoke({ credential });
      expect(await refusalOf(other, proven)).toMatchObject({ reason: "revoked" });
    }
    expect(await tryIt(interceptor, proven)).toEqual(ok());
  });

  test("protects internal methods as well", async () => {
    const service = signedTokenTrust({ issuers: [{ ...issuer, proofs: [dpop({ baseUrl })] }] });
    const auth = createAuth({
      policies: [EchoServicePolicy],
      authenticate: jwt({ ...issuer, issuer: "https://users.example.com" }),
      internal: service,
    });
    const lab = await startLab(auth);
    try {
      const echo = createClient(EchoService, lab.transports.grpc);
      const htu = `${baseUrl}/lab.v1.EchoService/InternalUnary`;
      const { hashOf } = await import("./bound-tokens.js");
      const proof = await ada.proof({ htm: "POST", htu, ath: hashOf(token) });
      const bearer = { headers: { authorization: `Bearer ${token}` } };
      await expect(echo.internalUnary({}, bearer)).rejects.toMatchObject({ code: Code.Unauthenticated });
      const proven = { headers: { authorization: `DPoP ${token}`, dpop: proof } };
      expect((await echo.internalUnary({}, proven)).subject).toBe("ada");
    } finally {
      await lab.close();
    }
    expect(() =>
      signedTokenTrust({ header: "x-token", issuers: [{ ...issuer, proofs: [dpop({ baseUrl })] }] }),
    ).toThrow(/^header: tokens with proofs come in Authorization/);
  });

  test("is limited in number and time apart from verifications", async () => {
    const waiting: (() => void)[] = [];
    const store = { add: () => new Promise<boolean>((resolve) => waiting.push(() => resolve(true))) };
    const interceptor = createJwtAuthInterceptor({
      ...issuer,
      proofs: [dpop({ baseUrl, store, storeTimeout: 60_000 })],
      limits: { verifications: 2 },
    });
    const pending = [tryIt(interceptor, await headers()), tryIt(interceptor, await headers())];
    await expect.poll(() => waiting.length).toBe(2);
    expect(await tryIt(interceptor, await headers())).toEqual(unavailable);
    for (const settle of waiting) settle();
    expect(await Promise.all(pending)).toEqual([ok(), ok()]);
  });
});

describe("a store of verified tokens", () => {
  test("lets nobody in without a proof, whoever wrote the entry", async () => {
    const store = new Keyv<string>();
    const create = (options: object) => createJwtAuthInterceptor({ ...issuer, cache: { store }, ...options });
    const withProofs = () => create({ proofs: [dpop({ baseUrl })] });
    // An instance without proofs, which accepts bound tokens from anybody.
    expect(await tryIt(create({ allowBoundTokens: true }), { authorization: `Bearer ${token}` })).toEqual(ok());
    await expect.poll(() => store.store.size).toBe(1);
    expect(await tryIt(withProofs(), { authorization: `DPoP ${token}` })).toMatchObject(refused());
    expect(await tryIt(withProofs(), { authorization: `Bearer ${token}` })).toMatchObject(refused());
    expect(await tryIt(withProofs(), await headers())).toEqual(ok());
    await expect.poll(() => store.store.size).toBe(2);
    // An instance that demands proofs has written the entry.
    expect(await tryIt(create({}), { authorization: `Bearer ${token}` })).toMatchObject(refused());
    expect(await tryIt(withProofs(), { authorization: `DPoP ${token}` })).toMatchObject(refused());
    expect(await tryIt(withProofs(), await headers())).toEqual(ok());
    expect(store.store.size).toBe(2);
  });
});

describe("the prove of a scheme of one's own", () => {
  const scheme = (prove: unknown): AuthScheme => ({
    name: "own",
    challenge: undefined,
    trustedHeaders: [],
    cache: {},
    read: () => ({ key: "k", verify: () => ({ identity: { subject: "ada" } }), prove }) as never,
  });
  test.each<[string, unknown, object]>([
    ["nothing", () => undefined, ok()],
    ["a promise of nothing", async () => {}, ok()],
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library.
    ["a promise of nothing of another library", () => ({ then: (done: () => void) => done() }), ok()],
    ["false", () => false, refused()],
    ["true", () => true, refused()],
    ["a promise of false", async () => false, refused()],
    ["an error", () => Promise.reject(new Error("no")), refused()],
    ["an outage", () => Promise.reject(new ConnectError("away", Code.Unavailable)), unavailable],
    ["something else than a function", "yes", refused()],
  ])("%s", async (_, prove, want) => {
    const auth = createAuth({ policies: [EchoServicePolicy], authenticate: scheme(prove) });
    expect(await tryIt(auth.interceptors)).toMatchObject(want);
  });
});

test("the metadata of the protected resource names the proofs", async () => {
  const described = (options: object) => {
    const auth = createAuth({
      policies: [EchoServicePolicy],
      authenticate: jwt({ ...issuer, ...options }),
      protectedResource: { url: baseUrl, authorizationServers: [issuer.issuer] },
    });
    return auth.wellKnown(new Request(`${baseUrl}/.well-known/oauth-protected-resource`))?.json();
  };
  const names = ["dpop_signing_alg_values_supported", "dpop_bound_access_tokens_required"];
  const required = { [names[0] as string]: ["ES256"], [names[1] as string]: true };
  expect(await described({ proofs: [dpop({ baseUrl, algorithms: ["ES256"] })] })).toMatchObject(required);
  const optional = (await described({ proofs: [dpop({ baseUrl })], allowUnboundTokens: true })) as object;
  expect(names.map((name) => Object.hasOwn(optional, name))).toEqual([true, false]);
  const without = (await described({})) as object;
  expect(names.map((name) => Object.hasOwn(without, name))).toEqual([false, false]);
});

test("challenges for DPoP have the address of the metadata and the scopes", async () => {
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: jwt({ ...issuer, proofs: [dpop({ baseUrl, algorithms: ["ES256"] })] }),
    protectedResource: { url: baseUrl, authorizationServers: [issuer.issuer] },
  });
  const { labRoutes } = await import("../support/lab.js");
  const transport = createRouterTransport(labRoutes(), { router: { interceptors: auth.interceptors } });
  const address = `resource_metadata="${baseUrl}/.well-known/oauth-protected-resource"`;
  const challengeOf = (headers: HeadersInit) =>
    createClient(EchoService, transport)
      .unary({}, { headers })
      .catch((error) => ConnectError.from(error).metadata.get("www-authenticate"));
  expect(await challengeOf({})).toBe(`DPoP algs="ES256", ${address}`);
  expect(await challengeOf({ authorization: `DPoP ${token}` })).toBe(
    `DPoP error="invalid_dpop_proof", algs="ES256", ${address}`,
  );
});

test("challenges for DPoP say that a stronger authentication is needed", async () => {
  const { labRoutes } = await import("../support/lab.js");
  const strong = { access: "requires", roles: [], scopes: [], acr: ["phr"] } as const;
  const auth = createAuth({
    policies: [{ typeName: EchoService.typeName, methods: { Unary: strong } }],
    authenticate: jwt({ ...issuer, proofs: [dpop({ baseUrl, algorithms: ["ES256"] })], allowUnboundTokens: true }),
    protectedResource: { url: baseUrl, authorizationServers: [issuer.issuer] },
  });
  const transport = createRouterTransport(labRoutes(), { router: { interceptors: auth.interceptors } });
  const outcomeOf = async (bound: string) =>
    createClient(EchoService, transport)
      .unary({}, { headers: await provenHeaders(ada, { baseUrl, token: bound }) })
      .then(
        ({ subject }) => subject,
        (error) => ConnectError.from(error).metadata.get("www-authenticate"),
      );
  const error = `error="insufficient_user_authentication"`;
  const rest = `resource_metadata="${baseUrl}/.well-known/oauth-protected-resource", acr_values="phr"`;
  expect(await outcomeOf(token)).toBe(`Bearer ${error}, ${rest}, DPoP ${error}, algs="ES256", ${rest}`);
  expect(await outcomeOf(await ada.token({ acr: "phr" }))).toBe("ada");
});
