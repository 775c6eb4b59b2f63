import { createHash, X509Certificate } from "node:crypto";
import * as http2 from "node:http2";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createAuth, jwt, peerKey, recordPeer } from "@connectum/auth";
import { createDpopKeyPair, createDpopProof } from "@connectum/auth/client";
import { certificateBound, dpop, type JwtOptions, type ProofOfPossession } from "@connectum/auth/jwt";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { calculateJwkThumbprint, decodeJwt, exportJWK } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { type BoundTokenProvider, startBoundTokenProvider } from "../servers/bound-token-provider.js";
import { type Authority, type Certificate, createAuthority, selfSigned } from "../servers/certificates.js";
import { callAs, kinds, outcome } from "../support/call.js";
import { labRoutes } from "../support/lab.js";

let authority: Authority;
let server: Certificate;
let ada: Certificate;
let eve: Certificate;
let alone: Certificate;
let provider: BoundTokenProvider;
let warn: ReturnType<typeof vi.spyOn>;
const servers: (http2.Http2SecureServer | https.Server)[] = [];
beforeAll(async () => {
  authority = createAuthority();
  [server, ada, eve] = ["server", "ada", "eve"].map((name) => authority.issue(name)) as [
    Certificate,
    Certificate,
    Certificate,
  ];
  alone = selfSigned("alone");
  provider = await startBoundTokenProvider(["ada"]);
});
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());
afterAll(async () => {
  for (const one of servers) {
    one.close();
    if (one instanceof https.Server) one.closeAllConnections();
  }
  await provider.stop();
});

const issuer = { issuer: "https://login.example.com", audience: "lab", secret: TEST_JWT_SECRET };
const thumbprintOf = ({ cert }: Certificate) =>
  createHash("sha256").update(new X509Certificate(cert).raw).digest("base64url");
const boundTo = (certificate: Certificate, more: object = {}) =>
  createTestJwt({
    sub: "ada",
    iss: issuer.issuer,
    aud: "lab",
    cnf: { "x5t#S256": thumbprintOf(certificate), ...more },
  });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A server that asks for certificates, over HTTP/2 and HTTP/1.1. */
async function start(
  verification: JwtOptions = issuer,
  options: { readonly proofs?: readonly ProofOfPossession[]; readonly record?: boolean; readonly tls?: object } = {},
) {
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: jwt({ ...verification, proofs: options.proofs ?? [certificateBound()] }),
  });
  const peers: unknown[] = [];
  const adapter = connectNodeAdapter({
    ...auth,
    routes: labRoutes(),
    ...(options.record !== false && {
      contextValues: (request) => {
        const values = recordPeer(request);
        peers.push(values.get(peerKey)?.certificate()?.subject.CN);
        return values;
      },
    }),
  });
  const tls = { ...server, ca: authority.cert, requestCert: true, ...options.tls };
  const started = [http2.createSecureServer(tls, adapter), https.createServer(tls, adapter)] as const;
  servers.push(...started);
  const [h2 = "", h1 = ""] = await Promise.all(
    started.map(
      (one) =>
        new Promise<string>((resolve) => {
          one.listen(0, "127.0.0.1", () => resolve(`https://127.0.0.1:${(one.address() as AddressInfo).port}`));
        }),
    ),
  );
  const transportsOf = (certificate?: Certificate) => {
    const nodeOptions = { ca: authority.cert, ...certificate };
    return {
      grpc: createGrpcTransport({ baseUrl: h2, nodeOptions }),
      connect: createConnectTransport({ baseUrl: h1, httpVersion: "1.1", nodeOptions }),
    };
  };
  return { h1, h2, peers, transportsOf };
}

describe("a token that is bound to a certificate", () => {
  test("by an OpenID provider is accepted over its connection alone, in every kind of RPC", async () => {
    const token = await provider.issueForCertificate("ada", ada.cert);
    expect(decodeJwt(token)["cnf"]).toEqual({ "x5t#S256": thumbprintOf(ada) });
    const { transportsOf } = await start({ issuer: provider.issuer, jwksUri: provider.jwksUri, audience: "lab" });
    for (const protocol of ["grpc", "connect"] as const) {
      for (const kind of kinds) {
        if (protocol === "connect" && kind === "bidi") continue;
        const call = (certificate: Certificate) =>
          outcome(callAs(transportsOf(certificate)[protocol], kind, bearer(token)));
        // The token is cached; the certificate is looked at for each call.
        for (let i = 0; i < 2; i++) {
          expect(await call(ada), `${protocol} ${kind}`).toMatchObject({ code: "ok", text: "ada-tls" });
          expect(await call(eve)).toEqual({
            code: "Unauthenticated",
            text: "Invalid credentials",
            challenge: 'Bearer error="invalid_token"',
          });
        }
      }
    }
  });

  test("is refused without a certificate, and by a server that asks for none", async () => {
    const token = await boundTo(ada);
    const { transportsOf } = await start(issuer, { tls: { rejectUnauthorized: false } });
    expect(await outcome(callAs(transportsOf().grpc, "unary", bearer(token)))).toMatchObject({
      code: "Unauthenticated",
    });
    expect(await callAs(transportsOf(ada).grpc, "unary", bearer(token))).toBe("ada");
    const silent = await start(issuer, { tls: { requestCert: false } });
    expect(await outcome(callAs(silent.transportsOf(ada).grpc, "unary", bearer(token)))).toMatchObject({
      code: "Unauthenticated",
    });
  });

  test("is accepted over a certificate that no authority vouches for, which stays nobody's identity", async () => {
    const { transportsOf, peers } = await start(issuer, { tls: { rejectUnauthorized: false } });
    const token = await boundTo(alone);
    expect(await callAs(transportsOf(alone).grpc, "unary", bearer(token))).toBe("ada");
    expect(await callAs(transportsOf(alone).connect, "unary", bearer(token))).toBe("ada");
    expect(peers).toEqual([undefined, undefined]);
    expect(await outcome(callAs(transportsOf(selfSigned("alone")).grpc, "unary", bearer(token)))).toMatchObject({
      code: "Unauthenticated",
    });
    expect(await outcome(callAs(transportsOf(ada).grpc, "unary", bearer(token)))).toMatchObject({
      code: "Unauthenticated",
    });
    expect(peers.at(-1)).toBe("ada");
  });

  test("is accepted over a resumed TLS session, and by its own client alone", async () => {
    const token = await boundTo(ada);
    const { h1 } = await start();
    const request = (certificate: Certificate, session?: Buffer) =>
      new Promise<{ status: number; reused: boolean; session: Buffer | undefined }>((resolve, reject) => {
        let saved: Buffer | undefined;
        const call = https.request(
          `${h1}/lab.v1.EchoService/Unary`,
          {
            method: "POST",
            agent: false,
            ca: authority.cert,
            ...certificate,
            ...(session && { session }),
            headers: { "content-type": "application/json", ...bearer(token) },
          },
          (response) => {
            const reused = (response.socket as import("node:tls").TLSSocket).isSessionReused();
            response.resume().once("end", () => resolve({ status: response.statusCode ?? 0, reused, session: saved }));
          },
        );
        call.on("socket", (socket) =>
          socket.on("session", (data: Buffer) => {
            saved = data;
          }),
        );
        call.once("error", reject);
        call.end("{}");
      });
    const first = await request(ada);
    expect(first).toMatchObject({ status: 200, reused: false });
    expect(await request(ada, first.session)).toMatchObject({ status: 200, reused: true });
    expect(await request(eve)).toMatchObject({ status: 401 });
  });

  test("answers internal on a server that does not record the peer, and says what to do", async () => {
    const { transportsOf } = await start(issuer, { record: false });
    const token = await boundTo(ada);
    expect(await outcome(callAs(transportsOf(ada).grpc, "unary", bearer(token)))).toEqual({
      code: "Internal",
      text: "Authentication failed",
      challenge: null,
    });
    expect(warn.mock.calls.flat().join()).toMatch(/certificateBound: .* Set contextValues: recordPeer on the server/);
  });

  test("and to a key needs both proofs", async () => {
    const keyPair = await createDpopKeyPair();
    const jkt = await calculateJwkThumbprint(await exportJWK(keyPair.publicKey));
    const baseUrl = "https://api.example.com";
    const { transportsOf } = await start(issuer, { proofs: [dpop({ baseUrl }), certificateBound()] });
    const both = await boundTo(ada, { jkt });
    const url = `${baseUrl}/lab.v1.EchoService/Unary`;
    const proven = async (token: string) => ({
      authorization: `DPoP ${token}`,
      dpop: await createDpopProof(keyPair, { method: "POST", url, token }),
    });
    const call = (certificate: Certificate, headers: HeadersInit) =>
      outcome(callAs(transportsOf(certificate).grpc, "unary", headers));
    const right = await proven(both);
    // The certificate comes first: the proof is not used up.
    expect(await call(eve, right)).toMatchObject({ code: "Unauthenticated" });
    expect(await call(ada, right)).toMatchObject({ code: "ok" });
    expect(await call(ada, right)).toMatchObject({ code: "Unauthenticated" });
    expect(await call(ada, bearer(both))).toMatchObject({ code: "Unauthenticated" });
    expect(await call(ada, { authorization: `DPoP ${both}` })).toMatchObject({ code: "Unauthenticated" });
    // Each alone needs its own proof, and no other.
    expect(await call(ada, bearer(await boundTo(ada)))).toMatchObject({ code: "ok" });
    const toCertificate = await boundTo(ada);
    expect(await call(ada, await proven(toCertificate))).toMatchObject({ code: "Unauthenticated" });
    const toKey = await createTestJwt({ sub: "ada", iss: issuer.issuer, aud: "lab", cnf: { jkt } });
    expect(await call(eve, await proven(toKey))).toMatchObject({ code: "ok" });
    expect(await call(ada, bearer(toKey))).toMatchObject({ code: "Unauthenticated" });
  });
});
