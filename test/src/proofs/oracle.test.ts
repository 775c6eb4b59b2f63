import { createContextValues, type UnaryRequest } from "@connectrpc/connect";
import { createJwtAuthInterceptor } from "@connectum/auth";
import { dpop } from "@connectum/auth/jwt";
import { calculateThumbprint, generateKeyPair, generateProof } from "dpop";
import fc from "fast-check";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import * as oauth from "oauth4webapi";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { samples } from "../support/samples.js";
import { type Request as Draft, mutations, rightRequest, type SigningKey, url, writeRequest } from "./mutations.js";

const issuerName = "https://login.example.com";
const algorithms = ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"];
const now = Math.floor(Date.now() / 1000);
// Time stands still: both look at the same moment.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: now * 1_000 }));
afterEach(() => void vi.useRealTimers());

async function createKey(alg: string, algorithm: object): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey(algorithm as EcKeyGenParams, true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const { name } = algorithm as { readonly name: string };
  const { kty, crv, x, y, n, e } = (await exportJWK(pair.publicKey)) as JWK;
  const jwk = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as JWK;
  return { alg, jwk, privateKey: pair.privateKey, parameters: { name, hash: "SHA-256", saltLength: 32 } };
}
const ec = { name: "ECDSA", namedCurve: "P-256" };
const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };

let issuer: SigningKey;
let clients: readonly SigningKey[];
let thumbprints: ReadonlyMap<SigningKey, string>;
let others: readonly SigningKey[];
beforeAll(async () => {
  issuer = await createKey("ES256", ec);
  clients = await Promise.all([
    createKey("ES256", ec),
    createKey("Ed25519", { name: "Ed25519" }),
    createKey("PS256", { name: "RSA-PSS", ...rsa }),
  ]);
  others = await Promise.all([createKey("ES256", ec), createKey("RS256", { name: "RSASSA-PKCS1-v1_5", ...rsa })]);
  thumbprints = new Map(
    await Promise.all(clients.map(async (key) => [key, await calculateJwkThumbprint(key.jwk)] as const)),
  );
});

/** Our verdict: undefined if the call is accepted, else the cause. A scheme for each call, which remembers no proof. */
async function ours(method: string, headers: HeadersInit): Promise<unknown> {
  const interceptor = createJwtAuthInterceptor({
    publicKey: { ...issuer.jwk, alg: "ES256" },
    issuer: issuerName,
    audience: "lab",
    typ: "at+jwt",
    requiredClaims: ["iat", "jti", "client_id"],
    clockTolerance: 300,
    asyncContext: false,
    proofs: [dpop({ baseUrl: "https://api.example.com", algorithms, maxAge: 300, clockTolerance: 300 })],
  });
  const request = {
    stream: false,
    service: EchoService,
    method: EchoService.method.unary,
    requestMethod: method,
    url,
    header: new Headers(headers),
    contextValues: createContextValues(),
    signal: new AbortController().signal,
    message: {},
  } as unknown as UnaryRequest;
  try {
    await interceptor(async () => ({}) as never)(request);
    return undefined;
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly cause?: unknown } };
    return cause ?? error;
  }
}

/** The verdict of oauth4webapi. */
async function oracle(method: string, headers: HeadersInit): Promise<unknown> {
  const server = { issuer: issuerName, jwks_uri: `${issuerName}/jwks` };
  const keys = { keys: [{ ...issuer.jwk, kid: "issuer", alg: "ES256", use: "sig" }] };
  try {
    await oauth.validateJwtAccessToken(server, new Request(url, { method, headers }), "lab", {
      requireDPoP: true,
      signingAlgorithms: algorithms,
      [oauth.clockTolerance]: 300,
      [oauth.customFetch]: async () => Response.json(keys),
    });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Where we are stricter on purpose: what our cause says, and why. */
const stricter: readonly (readonly [RegExp, string])[] = [
  [
    /not canonical base64url|not one Bearer token|not one DPoP token|not one compact JWT|base64url decode/,
    "one spelling of base64url",
  ],
  [/duplicate member/, "a member twice"],
  [/byte order mark/, "a byte order mark"],
  [/unsupported header extension/, "a header extension (b64)"],
  [
    /a faulty jwk|a jwk for another algorithm/,
    "a jwk that names another use, algorithm or a private part, or has a fault",
  ],
  [/htu is not an absolute URL/, "an htu that a URL parser has to repair"],
  [/has no jti/, "an empty jti"],
  [/mapped to subject/, "an empty subject"],
  [/exp is beyond the year 9999/, "an exp beyond the year 9999"],
];
/** Where we are more lenient on purpose: the mutation, what the oracle says, and why. */
const lenient: readonly (readonly [RegExp, RegExp, string])[] = [
  [/proof\.htu/, /htu mismatch/, "an htu that is equal by RFC 3986 section 6.2.2 (percent-encoding)"],
  [/token\.(client_id|jti)/, /"(client_id|jti)"/, "a claim of RFC 9068 that is there, but of another type"],
  [/proof\.iss/, /"iss"/, "an iss in the proof, of another type"],
];

test("mutated requests get the verdict of oauth4webapi, or a stricter one for a declared reason", async () => {
  const count = samples(400, 12_000);
  const differences = new Map<string, number>();
  const tally = { both: 0, neither: 0 };
  const unexplained: unknown[] = [];
  const client = fc.integer({ min: 0, max: 2 });
  const runs = fc.sample(fc.tuple(client, mutations(now, others)), { numRuns: count, seed: 20_261_126 });
  for (const [index, applied] of runs) {
    const key = clients[index] as SigningKey;
    const draft: Draft = rightRequest(now, key, thumbprints.get(key) as string, issuer);
    for (const { apply } of applied) apply(draft);
    let headers: Record<string, string>;
    try {
      headers = await writeRequest(draft);
      new Request(url, { method: draft.method, headers });
    } catch {
      continue; // No request can have such a header or method.
    }
    const [our, their] = await Promise.all([ours(draft.method, headers), oracle(draft.method, headers)]);
    if ((our === undefined) === (their === undefined)) {
      tally[our === undefined ? "both" : "neither"]++;
      continue;
    }
    const names = applied.map(({ name }) => name).join(" + ");
    const text = our instanceof Error ? `${our.message} ${our.cause ?? ""}` : "";
    const reason =
      our === undefined
        ? lenient.find(([mutation, answer]) => mutation.test(names) && answer.test(String(their)))?.[2]
        : stricter.find(([pattern]) => pattern.test(text))?.[1];
    if (reason === undefined)
      unexplained.push({ names, our: String(our), their: String(their), headers: describe(headers) });
    else {
      const name = `${our === undefined ? "lenient" : "stricter"}: ${reason}`;
      differences.set(name, (differences.get(name) ?? 0) + 1);
    }
  }
  console.log({ count, ...tally, ...Object.fromEntries([...differences].sort()) });
  expect(unexplained.slice(0, 10)).toEqual([]);
  expect(tally.both).toBeGreaterThan(count / 20);
  expect(tally.neither).toBeGreaterThan(count / 4);
});

function describe(headers: Record<string, string>): unknown {
  return Object.entries(headers).map(([name, value]) => [
    name,
    ...value
      .split(".")
      .slice(0, 2)
      .map((part) => Buffer.from(part, "base64url").toString().slice(0, 300)),
  ]);
}

test.each(["ES256", "PS256", "RS256", "Ed25519"] as const)(
  "a proof by the package dpop is accepted, by %s",
  async (alg) => {
    const pair = await generateKeyPair(alg);
    const key = clients[0] as SigningKey;
    const draft = rightRequest(now, key, await calculateThumbprint(pair.publicKey), issuer);
    const { authorization = "" } = await writeRequest(draft);
    const token = authorization.slice(5);
    for (const [address, method, accessToken, want] of [
      [url, "POST", token, true],
      [`${url}?q=1#x`, "POST", token, true],
      [url, "GET", token, false],
      [url, "POST", `${token}x`, false],
      [url, "POST", undefined, false],
      [`${url}x`, "POST", token, false],
    ] as const) {
      const proof = await generateProof(pair, address, method, undefined, accessToken);
      const headers = { authorization, dpop: proof };
      const [our, their] = await Promise.all([ours("POST", headers), oracle("POST", headers)]);
      expect([our === undefined, their === undefined], `${address} ${method}`).toEqual([want, want]);
    }
  },
);
