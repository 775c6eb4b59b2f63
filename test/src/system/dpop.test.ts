import { fileURLToPath } from "node:url";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import {
  createClientDpopInterceptor,
  createDpopKeyPair,
  createDpopProof,
  type DpopKeyPair,
} from "@connectum/auth/client";
import * as dpopPackage from "dpop";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BoundTokenProvider, startBoundTokenProvider } from "../servers/bound-token-provider.js";
import { startProcess, type TestProcess } from "../servers/child-process.js";
import { type RedisServer, startRedis } from "../servers/redis-server.js";
import { callAs, kinds, outcome } from "../support/call.js";

const baseUrl = "https://api.example.com";
const address = `${baseUrl}/lab.v1.EchoService/Unary`;
const file = fileURLToPath(new URL("../../dist/system/dpop-server.js", import.meta.url));

let provider: BoundTokenProvider;
let redis: RedisServer;
let keyPair: DpopKeyPair;
let token: string;
const processes: TestProcess[] = [];

async function startInstance(form: string) {
  const args = [file, redis.url, form, provider.issuer, baseUrl];
  const started = await startProcess(process.execPath, args, (output) => output.includes("ready"));
  processes.push(started);
  const [, http2 = "", http1 = ""] = /ready (\S+) (\S+)/.exec(started.output()) ?? [];
  return { http1, http2, transport: createGrpcTransport({ baseUrl: http2 }) };
}

const proofFor = (of = token, url = address, key = keyPair) => createDpopProof(key, { method: "POST", url, token: of });
const call = (transport: Transport, proof: string, of = token) =>
  callAs(transport, "unary", { authorization: `DPoP ${of}`, dpop: proof }).then(
    () => "ok",
    (error) => Code[ConnectError.from(error).code] as string,
  );

beforeAll(async () => {
  [provider, redis, keyPair] = await Promise.all([
    startBoundTokenProvider(["ada", "eve"]),
    startRedis(),
    createDpopKeyPair(),
  ]);
  token = await provider.issueForProof(
    "ada",
    await createDpopProof(keyPair, { method: "POST", url: provider.tokenEndpoint }),
  );
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop("SIGKILL")));
  await Promise.all([provider?.stop(), redis?.stop()]);
});

describe("a token that an OpenID provider has bound to a key", () => {
  test("is accepted with a proof, over every protocol and in every kind of RPC, and refused without", async () => {
    expect(decodeJwt(token)["cnf"]).toEqual({ jkt: expect.stringMatching(/^[\w-]{43}$/) });
    const { http1, http2 } = await startInstance("atomic");
    // The server is behind a proxy with another address, which the client knows.
    const behind = (of: string) => of.replace(/^http:\/\/[^/]+/, baseUrl);
    const interceptors = [
      (next) => (req) => {
        const { url } = req;
        return createClientDpopInterceptor({ keyPair })((proven) => next({ ...proven, url } as typeof req))({
          ...req,
          url: behind(url),
        } as typeof req);
      },
    ] satisfies Parameters<typeof createGrpcTransport>[0]["interceptors"];
    const transports: Record<string, (more: object) => Transport> = {
      connect: (more) => createConnectTransport({ baseUrl: http2, httpVersion: "2", ...more }),
      "connect-h1": (more) => createConnectTransport({ baseUrl: http1, httpVersion: "1.1", ...more }),
      grpc: (more) => createGrpcTransport({ baseUrl: http2, ...more }),
      "grpc-web": (more) => createGrpcWebTransport({ baseUrl: http2, httpVersion: "2", ...more }),
    };
    const other = await createDpopKeyPair();
    const path = { unary: "Unary", server: "ServerStream", client: "ClientStream", bidi: "BidiStream" };
    const seen: string[] = [];
    for (const [protocol, create] of Object.entries(transports)) {
      for (const kind of kinds) {
        if (protocol === "connect-h1" && kind === "bidi") continue;
        const bearer = { authorization: `Bearer ${token}` };
        expect(await callAs(create({ interceptors }), kind, bearer), `${protocol} ${kind}`).toBe("ada");
        const plain = create({});
        const url = `${baseUrl}/lab.v1.EchoService/${path[kind]}`;
        const right = { authorization: `DPoP ${token}`, dpop: await proofFor(token, url) };
        expect(await callAs(plain, kind, right)).toBe("ada");
        const wrong: Record<string, Record<string, string>> = {
          "as bearer": bearer,
          "as bearer, with a proof": { ...bearer, dpop: await proofFor(token, url) },
          replayed: right,
          "without a proof": { authorization: `DPoP ${token}` },
          "by another key": { ...right, dpop: await proofFor(token, url, other) },
          "for another address": { ...right, dpop: await proofFor(token, `${url}s`) },
          "for another token": { ...right, dpop: await proofFor(`${token}x`, url) },
          "an unbound token": { authorization: `Bearer ${await provider.issueUnbound("ada")}` },
        };
        for (const [name, headers] of Object.entries(wrong)) {
          const answer = await outcome(callAs(plain, kind, headers));
          expect(answer, `${protocol} ${kind} ${name}`).toMatchObject({
            code: "Unauthenticated",
            text: "Invalid credentials",
          });
          expect(answer.challenge).toMatch(/^DPoP error="invalid_(token|dpop_proof)", algs="/);
          seen.push(name);
        }
      }
    }
    expect(seen).toHaveLength(15 * 8);
  });

  test("is accepted with proofs of the package dpop", async () => {
    const pair = await dpopPackage.generateKeyPair("ES256");
    const own = await provider.issueForProof(
      "eve",
      await dpopPackage.generateProof(pair, provider.tokenEndpoint, "POST"),
    );
    const { transport } = await startInstance("atomic");
    const proof = await dpopPackage.generateProof(pair, address, "POST", undefined, own);
    expect(await call(transport, proof, own)).toBe("ok");
    expect(await call(transport, proof, own)).toBe("Unauthenticated");
    expect(await call(transport, await proofFor(own), own)).toBe("Unauthenticated");
  });
});

describe("two processes that share a Redis", () => {
  test("accept a proof once, and exactly one of many concurrent replays", async () => {
    const instances = [await startInstance("atomic"), await startInstance("atomic")];
    const [first, second] = instances.map(({ transport }) => transport) as [Transport, Transport];
    const proof = await proofFor();
    expect(await call(first, proof)).toBe("ok");
    expect(await call(second, proof)).toBe("Unauthenticated");
    expect(await call(second, await proofFor())).toBe("ok");
    for (let round = 0; round < 50; round++) {
      const raced = await proofFor();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => call(i % 2 === 0 ? first : second, raced)),
      );
      expect(answers.filter((answer) => answer === "ok")).toHaveLength(1);
      expect(answers.filter((answer) => answer === "Unauthenticated")).toHaveLength(39);
    }
  });

  test("accept a proof once through a Keyv, apart from the documented window", async () => {
    const instances = [await startInstance("keyv"), await startInstance("keyv")];
    const [first, second] = instances.map(({ transport }) => transport) as [Transport, Transport];
    for (let round = 0; round < 20; round++) {
      const proof = await proofFor();
      expect(await call(first, proof)).toBe("ok");
      expect(await call(second, proof)).toBe("Unauthenticated");
    }
    const accepted = new Map<number, number>();
    for (let round = 0; round < 50; round++) {
      const raced = await proofFor();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => call(i % 2 === 0 ? first : second, raced)),
      );
      const count = answers.filter((answer) => answer === "ok").length;
      accepted.set(count, (accepted.get(count) ?? 0) + 1);
      // Each process has a memory of its own in front.
      expect(count).toBeLessThanOrEqual(2);
    }
    console.log("races through a Keyv, by the number of accepted calls:", Object.fromEntries(accepted));
  });

  test("refuse calls while Redis is away, unless each may go on alone, and recover", async () => {
    const [strict, local] = [await startInstance("atomic"), await startInstance("local")];
    const used = await proofFor();
    expect(await call(local.transport, used)).toBe("ok");
    expect(await call(strict.transport, used)).toBe("Unauthenticated");
    await redis.kill();
    try {
      expect(await call(strict.transport, await proofFor())).toBe("Unavailable");
      expect(await call(local.transport, used)).toBe("Unauthenticated");
      const alone = await proofFor();
      expect(await call(local.transport, alone)).toBe("ok");
      expect(await call(local.transport, alone)).toBe("Unauthenticated");
    } finally {
      await redis.restart();
    }
    await expect.poll(async () => call(strict.transport, await proofFor()), { timeout: 20_000 }).toBe("ok");
    await expect
      .poll(
        async () => {
          const proof = await proofFor();
          return [await call(local.transport, proof), await call(strict.transport, proof)].join();
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe("ok,Unauthenticated");
  });
});
