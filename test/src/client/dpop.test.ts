import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { authContextKey, createAuth, jwt } from "@connectum/auth";
import {
  createClientBearerInterceptor,
  createClientDpopInterceptor,
  createDpopKeyPair,
  createDpopProof,
  type DpopKeyPair,
  sharedToken,
} from "@connectum/auth/client";
import { dpop } from "@connectum/auth/jwt";
import { createTestJwt } from "@connectum/auth/testing";
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, EmbeddedJWK, exportJWK, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { hashOf, issuer } from "../proofs/bound-tokens.js";
import { SafeEchoService } from "../proofs/safe-service.js";
import { findFreePort } from "../servers/child-process.js";
import { callAs, kinds, outcome } from "../support/call.js";
import { type Lab, startLab } from "../support/lab.js";

const nonceSecret = "a secret that all instances share";
let keyPair: DpopKeyPair;
let token: string;
const labs: Lab[] = [];
beforeAll(async () => {
  keyPair = await createDpopKeyPair();
  token = await tokenFor(keyPair);
});
afterAll(() => Promise.all(labs.map((lab) => lab.close())));

const tokenFor = async ({ publicKey }: DpopKeyPair, claims: object = {}) => {
  const jkt = await calculateJwkThumbprint(await exportJWK(publicKey));
  return createTestJwt({ sub: "ada", iss: issuer.issuer, aud: "lab", cnf: { jkt }, ...claims });
};

/** A lab that demands proofs, and a transport for each protocol with interceptors of a client. */
async function start(options: object = {}, clientOptions: object = {}, gate = true, safe = false) {
  const ports = [await findFreePort(), await findFreePort()] as const;
  const baseUrl = ports.map((port) => `http://127.0.0.1:${port}`);
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: jwt({ ...issuer, proofs: [dpop({ baseUrl, ...options })] }),
  });
  const wiring = gate ? auth : { interceptors: auth.interceptors };
  const routes = safe
    ? (router: ConnectRouter) =>
        router.rpc(SafeEchoService.method.unary, (_, context) => ({
          subject: context.values.get(authContextKey)?.subject ?? "",
        }))
    : undefined;
  const lab = await startLab(wiring, routes, ports);
  labs.push(lab);
  const sent: Headers[] = [];
  const look: Interceptor = (next) => (req) => {
    sent.push(new Headers(req.header));
    return next(req);
  };
  const interceptors = [
    createClientBearerInterceptor({ token: () => token }),
    createClientDpopInterceptor({ keyPair, ...clientOptions }),
    look,
  ];
  const [h1, h2] = [lab.http1Url, lab.http2Url];
  const transports: Readonly<Record<string, Transport>> = {
    connect: createConnectTransport({ baseUrl: h2, httpVersion: "2", interceptors }),
    "connect-json": createConnectTransport({ baseUrl: h2, httpVersion: "2", interceptors, useBinaryFormat: false }),
    "connect-h1": createConnectTransport({ baseUrl: h1, httpVersion: "1.1", interceptors }),
    grpc: createGrpcTransport({ baseUrl: h2, interceptors }),
    "grpc-web": createGrpcWebTransport({ baseUrl: h2, httpVersion: "2", interceptors }),
  };
  return { lab, transports, interceptors, sent };
}

test("a proof is what RFC 9449 section 4.2 says, for keys of every kind", async () => {
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  for (const [alg, algorithm] of [
    ["ES256", { name: "ECDSA", namedCurve: "P-256" }],
    ["ES384", { name: "ECDSA", namedCurve: "P-384" }],
    ["ES512", { name: "ECDSA", namedCurve: "P-521" }],
    ["Ed25519", { name: "Ed25519" }],
    ["PS256", { name: "RSA-PSS", ...rsa }],
    ["RS256", { name: "RSASSA-PKCS1-v1_5", ...rsa }],
  ] as const) {
    const keys = (await crypto.subtle.generateKey(algorithm as EcKeyGenParams, false, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const request = { method: "POST", url: "https://login.example.com/token?a=b#c", token: "t", nonce: "n" };
    const proof = await createDpopProof(keys, request);
    const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
    const now = Math.floor(Date.now() / 1000);
    expect(payload).toEqual({
      htm: "POST",
      htu: "https://login.example.com/token",
      ath: hashOf("t"),
      nonce: "n",
      jti: expect.stringMatching(/^[\w-]{36}$/),
      iat: expect.toSatisfy((iat: number) => Math.abs(iat - now) < 5),
    });
    const { jwk, ...header } = decodeProtectedHeader(proof);
    expect(header).toEqual({ typ: "dpop+jwt", alg });
    expect(jwk).not.toHaveProperty("d");
    const bare = await createDpopProof(keys, { method: "POST", url: "https://login.example.com/token" });
    expect(Object.keys(decodeJwt(bare)).sort()).toEqual(["htm", "htu", "iat", "jti"]);
  }
  const other = { name: "RSA-PSS", ...rsa, hash: "SHA-512" };
  const keys = (await crypto.subtle.generateKey(other, false, ["sign", "verify"])) as CryptoKeyPair;
  await expect(createDpopProof(keys, { method: "POST", url: "https://a.example" })).rejects.toThrow(TypeError);
  expect(keyPair.privateKey.extractable).toBe(false);
});

describe.each([
  ["with the gate", true],
  ["without", false],
])("calls to a server %s", (_, gate) => {
  test("carry a proof each, in every kind of RPC, over every protocol", async () => {
    const { transports, sent } = await start({}, {}, gate);
    for (const [protocol, transport] of Object.entries(transports)) {
      for (const kind of kinds) {
        if (protocol === "connect-h1" && kind === "bidi") continue;
        for (let i = 0; i < 2; i++) expect(await callAs(transport, kind, {}), `${protocol} ${kind}`).toBe("ada");
        expect(sent.at(-1)?.get("authorization")).toBe(`DPoP ${token}`);
      }
    }
    expect(new Set(sent.map((header) => header.get("dpop"))).size).toBe(sent.length);
  });

  test("are made again with the nonce that the server demands", async () => {
    for (const protocol of ["connect", "connect-h1", "grpc", "grpc-web"]) {
      for (const kind of kinds) {
        if (protocol === "connect-h1" && kind === "bidi") continue;
        const { transports, sent } = await start({ nonce: { secret: nonceSecret } }, {}, gate);
        const transport = transports[protocol] as Transport;
        const canRepeat = kind === "unary" || kind === "server";
        const first = await outcome(callAs(transport, kind, {}));
        expect(first.code, `${protocol} ${kind}`).toBe(canRepeat ? "ok" : "Unauthenticated");
        expect(sent).toHaveLength(canRepeat ? 2 : 1);
        expect(await callAs(transport, kind, {})).toBe("ada");
        expect(sent).toHaveLength(canRepeat ? 3 : 2);
      }
    }
  });
});

test("a call by GET carries a proof for it", async () => {
  const { lab, interceptors } = await start({}, {}, true, true);
  const [bearer] = interceptors as [Interceptor];
  const call = (more: object, useHttpGet: boolean) => {
    const proving = createClientDpopInterceptor({ keyPair, ...more });
    const transport = createConnectTransport({
      baseUrl: lab.http1Url,
      httpVersion: "1.1",
      useHttpGet,
      interceptors: [bearer, proving],
    });
    return outcome(
      createClient(SafeEchoService, transport)
        .unary({ text: "x" })
        .then(({ subject }) => subject),
    );
  };
  expect(await call({ useHttpGet: true }, true)).toMatchObject({ code: "ok", text: "ada" });
  expect(await call({}, true)).toMatchObject({ code: "Unauthenticated" });
  expect(await call({ useHttpGet: true }, false)).toMatchObject({ code: "Unauthenticated" });
  expect(await call({}, false)).toMatchObject({ code: "ok" });
  // A method with side effects is called by POST in any case.
  const other = await start();
  const transport = createConnectTransport({
    baseUrl: other.lab.http1Url,
    httpVersion: "1.1",
    useHttpGet: true,
    interceptors: [bearer, createClientDpopInterceptor({ keyPair, useHttpGet: true })],
  });
  expect(await callAs(transport, "unary", {})).toBe("ada");
});

test("a refused call is made again at most once, and only for want of a nonce", async () => {
  const seen: string[] = [];
  const refuse =
    (challenge: string, nonce?: string): Interceptor =>
    () =>
    (req) => {
      seen.push(decodeJwt(req.header.get("dpop") ?? "")["nonce"] as string);
      const headers = { "www-authenticate": challenge, ...(nonce !== undefined && { "dpop-nonce": nonce }) };
      throw new ConnectError("no", Code.Unauthenticated, headers);
    };
  for (const [challenge, nonce, want] of [
    ['DPoP error="use_dpop_nonce"', "n1", [undefined, "n1"]],
    ['Bearer, DPoP algs="ES256", error="use_dpop_nonce"', "n1", [undefined, "n1"]],
    ['DPoP error="use_dpop_nonce"', undefined, [undefined]],
    ['DPoP error="invalid_dpop_proof"', "n1", [undefined]],
    ['Bearer error="use_dpop_nonce"', "n1", [undefined]],
  ] as const) {
    seen.length = 0;
    const transport = createConnectTransport({
      baseUrl: "http://127.0.0.1:1",
      httpVersion: "1.1",
      interceptors: [
        createClientBearerInterceptor({ token }),
        createClientDpopInterceptor({ keyPair }),
        refuse(challenge, nonce),
      ],
    });
    expect(await outcome(callAs(transport, "unary", {}))).toMatchObject({ code: "Unauthenticated" });
    expect(seen, challenge).toEqual(want);
  }
});

test("a call without a token has no proof, and each user's call has its own key", async () => {
  const { lab, sent } = await start();
  const eve = await createDpopKeyPair();
  const tokens = new Map([
    ["ada", [token, keyPair] as const],
    ["eve", [await tokenFor(eve), eve] as const],
  ]);
  const userOf = (header: Headers) => tokens.get(header.get("x-user") ?? "");
  const interceptors = [
    createClientBearerInterceptor({ token: ({ header }) => userOf(header)?.[0] }),
    createClientDpopInterceptor({ keyPair: ({ header }) => userOf(header)?.[1] ?? keyPair }),
    (next) => (req) => {
      sent.push(new Headers(req.header));
      return next(req);
    },
  ] satisfies Interceptor[];
  const transport = createGrpcTransport({ baseUrl: lab.http2Url, interceptors });
  for (const user of ["ada", "eve"]) expect(await callAs(transport, "unary", { "x-user": user })).toBe("ada");
  expect(await outcome(callAs(transport, "unary", { "x-user": "nobody" }))).toMatchObject({
    text: "Missing credentials",
  });
  expect(sent.at(-1)?.has("dpop")).toBe(false);
  expect((await createClient(SafeEchoService, transport).publicUnary({})).subject).toBe("");
});

test("a shared token that is refused for want of a nonce is kept", async () => {
  const { lab } = await start({ nonce: { secret: nonceSecret } });
  let asked = 0;
  const provider = sharedToken(() => {
    asked++;
    return { token, expiresAt: new Date(Date.now() + 600_000) };
  });
  const transport = createGrpcTransport({
    baseUrl: lab.http2Url,
    interceptors: [createClientBearerInterceptor({ token: provider }), createClientDpopInterceptor({ keyPair })],
  });
  for (let i = 0; i < 3; i++) expect(await callAs(transport, "unary", {})).toBe("ada");
  expect(asked).toBe(1);
});

test.each<[unknown, RegExp]>([
  [{}, /^keyPair: expected a key pair/],
  [{ keyPair: undefined }, /^keyPair: expected a key pair/],
  [{ keyPair: {} }, /^keyPair: expected a key pair/],
  [{ keyPair: () => ({}), useHttpGet: "yes" }, /^useHttpGet: expected true or false/],
  [{ keyPair: () => ({}), token: "x" }, /^token: unknown option/],
])("%j is a TypeError", (options, message) => {
  expect(() => createClientDpopInterceptor(options as never)).toThrow(TypeError);
  expect(() => createClientDpopInterceptor(options as never)).toThrow(message);
});

describe.each([
  ["with the gate", true],
  ["without", false],
])("a client of a server %s", (_, gate) => {
  test("that calls once in the lifetime of a nonce is never refused for an old one", async () => {
    const lifetime = 300_000;
    const begin = Math.ceil(Date.now() / lifetime) * lifetime;
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: begin });
    try {
      const expires = { exp: Math.floor(begin / 1000) + 1_000_000 };
      token = await tokenFor(keyPair, expires);
      const { transports, sent } = await start(
        { nonce: { secret: nonceSecret, lifetime: lifetime / 1_000 } },
        {},
        gate,
      );
      const transport = transports["connect"] as Transport;
      expect(await callAs(transport, "unary", {})).toBe("ada");
      expect(sent).toHaveLength(2);
      const order = ["unary", "server", "client", "bidi", "client", "unary", "bidi", "server"] as const;
      for (const kind of order) {
        vi.advanceTimersByTime(lifetime - 1_000);
        expect(await callAs(transport, kind, {}), kind).toBe("ada");
      }
      expect(sent).toHaveLength(2 + order.length);
      vi.advanceTimersByTime(2 * lifetime);
      expect(await callAs(transport, "unary", {})).toBe("ada");
      expect(sent).toHaveLength(4 + order.length);
    } finally {
      vi.useRealTimers();
    }
  });
});
