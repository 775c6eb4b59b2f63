import nodeCrypto, { randomUUID } from "node:crypto";
import type { Interceptor } from "@connectrpc/connect";
import { createJwtAuthInterceptor } from "@connectum/auth";
import fc from "fast-check";
import { exportJWK, type JWK } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Draft, mutations, type Request, rightRequest, type SigningKey, write } from "../proofs/mutations.js";
import { tryIt } from "../support/call.js";
import { samples } from "../support/samples.js";
import { bearer } from "../support/verification.js";
import { type Endpoint, startEndpoint } from "./published-keys.js";

// `node:crypto` and jose must give the same verdict about a token, for the same reason.

const issuer = "https://login.example.com";
const now = Math.floor(Date.now() / 1_000);
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: now * 1_000 }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const kinds: Record<string, object> = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", ...rsa },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512", ...rsa },
  PS256: { name: "RSA-PSS", hash: "SHA-256", ...rsa },
  PS384: { name: "RSA-PSS", hash: "SHA-384", ...rsa },
};

async function createKey(alg: string): Promise<SigningKey> {
  const { name, hash } = kinds[alg] as { readonly name: string; readonly hash?: string };
  const usages: KeyUsage[] = ["sign", "verify"];
  const pair = (await crypto.subtle.generateKey(kinds[alg] as EcKeyGenParams, true, usages)) as CryptoKeyPair;
  const { kty, crv, x, y, n, e } = await exportJWK(pair.publicKey);
  const jwk = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as JWK;
  const saltLength = Number(hash?.slice(4) ?? 0) / 8;
  return { alg, jwk, privateKey: pair.privateKey, parameters: { name, hash: hash ?? "SHA-256", saltLength } };
}

interface Verifier {
  readonly endpoint: Endpoint;
  verdict(token: string): Promise<unknown>;
}

async function startVerifier(keys: readonly SigningKey[]): Promise<Verifier> {
  const published = keys.map(({ jwk, alg }) => ({ ...jwk, alg, kid: alg, use: "sig" }));
  const endpoint = await startEndpoint({ keys: published });
  const interceptor = createJwtAuthInterceptor({
    jwksUri: endpoint.url,
    // A token with the kid of another key waits for the next request.
    jwks: { cooldown: 1 },
    issuer,
    audience: "lab",
    typ: "at+jwt",
    requiredClaims: ["jti"],
    clockTolerance: 10,
    cache: false,
  });
  return { endpoint, verdict: (token) => verdictOf(interceptor, token) };
}

async function verdictOf(interceptor: Interceptor, token: string): Promise<unknown> {
  let cause: unknown;
  const catcher: Interceptor = (next) => (req) =>
    next(req).catch((error) => {
      cause = error.cause;
      throw error;
    });
  const { code, text, challenge } = await tryIt([catcher, interceptor], bearer(token));
  return { code, text, challenge, causes: [...causesOf(cause)] };
}

function* causesOf(error: unknown): Generator<unknown> {
  for (let one = error; one instanceof Error; one = one.cause) {
    // Without `final`: it depends on the age of the key set.
    const { name, message, reason, code, claim } = one as Error & Record<string, unknown>;
    yield { name, message, reason, code, claim };
  }
}

let keys: readonly SigningKey[];
let verifier: Verifier;
beforeAll(async () => {
  keys = await Promise.all(Object.keys(kinds).map(createKey));
  verifier = await startVerifier(keys);
});
afterAll(() => verifier?.endpoint.close());

/** `node:crypto`, as it is and as in a runtime that lacks its `verify`. */
function controlNode() {
  const { verify } = nodeCrypto;
  const control = { isThere: true, verified: 0 };
  vi.spyOn(nodeCrypto, "verify").mockImplementation(((...args: Parameters<typeof verify>) => {
    if (!control.isThere) throw new TypeError("crypto.verify is not a function");
    control.verified++;
    return verify(...args);
  }) as typeof verify);
  return control;
}

function rightToken(key: SigningKey): Draft {
  const same = (text: string) => text;
  return {
    header: { alg: key.alg, typ: "at+jwt", kid: key.alg },
    claims: { iss: issuer, aud: "lab", sub: "ada", iat: now, exp: now + 600, jti: randomUUID() },
    key,
    rewrite: same,
    respell: same,
  };
}

/** Changes of the signature alone. */
const signatures: fc.Arbitrary<(signature: Buffer) => Uint8Array> = fc.oneof(
  fc.tuple(fc.nat(511), fc.nat(7)).map(([at, bit]) => (signature: Buffer) => {
    signature[at % signature.length] = (signature[at % signature.length] as number) ^ (1 << bit);
    return signature;
  }),
  fc.integer({ min: 0, max: 600 }).map((length) => (signature: Buffer) => signature.subarray(0, length)),
  fc.uint8Array({ maxLength: 40 }).map((more) => (signature: Buffer) => Buffer.concat([signature, more])),
  fc.uint8Array({ maxLength: 40 }).map((more) => (signature: Buffer) => Buffer.concat([more, signature])),
  fc.constant((signature: Buffer) => signature.fill(0)),
  fc.constant((signature: Buffer) => signature.reverse()),
  // ECDSA: DER instead of two numbers.
  fc.constant((signature: Buffer) => {
    const half = signature.length / 2;
    const [r, s] = [signature.subarray(0, half), signature.subarray(half)].map((part) =>
      Buffer.concat([Buffer.from([2, part.length + 1, 0]), part]),
    ) as [Buffer, Buffer];
    return Buffer.concat([Buffer.from([48, r.length + s.length]), r, s]);
  }),
  // ECDSA: the other signature of the same text, which is valid as well.
  fc.constant((signature: Buffer) => {
    if (signature.length !== 64) return signature;
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = order - BigInt(`0x${signature.subarray(32).toString("hex")}`);
    return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
  }),
);

/** Changes of one claim. */
const claims: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.constantFrom("exp", "nbf", "iat", "aud", "iss", "sub", "jti"),
    fc.oneof(
      fc.integer({ min: -1_000, max: 1_000 }).map((seconds) => now + seconds),
      fc.constantFrom(now - 10, now - 11, now + 10, now + 11, 1e308, -1, 0.5),
      fc.constantFrom("lab", ["lab", "web"], [], "", null, true, {}, issuer, `${issuer}/`),
    ),
  )
  .map(([name, value]) => ({ [name]: value }));

describe("a mutated token gets the same verdict, for the same reason", () => {
  test("by node:crypto and by jose", async () => {
    const count = samples(400, 9_000);
    const node = controlNode();
    const web = vi.spyOn(crypto.subtle, "verify");
    const runs = fc.sample(
      fc.record({
        signedBy: fc.nat(keys.length - 1),
        named: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, fc.nat(keys.length - 1)),
        changes: mutations(now, keys.slice(0, 2)),
        claim: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, claims),
        signature: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, signatures),
      }),
      { numRuns: count, seed: 20_261_127 },
    );
    const tally = new Map<string, number>();
    const unequal: unknown[] = [];
    for (const { signedBy, named, changes, claim, signature } of runs) {
      const key = keys[signedBy] as SigningKey;
      const request: Request = { ...rightRequest(now, key, "", key), proof: rightToken(key) };
      if (named !== undefined) Object.assign(request.proof.header, { kid: keys[named]?.alg });
      Object.assign(request.proof.claims, claim);
      for (const { apply } of changes) apply(request);
      let token = await write(request.proof).catch(() => undefined);
      if (token === undefined) continue; // Such a text cannot be signed.
      if (signature !== undefined) {
        const parts = token.split(".");
        const bytes = Buffer.from(parts[2] ?? "", "base64url");
        parts[2] = Buffer.from(signature(bytes)).toString("base64url");
        token = parts.join(".");
      }
      if (!/^[\x21-\x7e]*$/.test(token)) continue; // No header can have it.
      const verdicts: unknown[] = [];
      for (const isThere of [true, false]) {
        node.isThere = isThere;
        verdicts.push(await verifier.verdict(token));
        // A new turn of the event loop, in which node:crypto may verify again.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [mine, theirs] = verdicts.map((verdict) => JSON.stringify(verdict));
      if (mine !== theirs) unequal.push({ token, verdicts });
      const { code, causes } = verdicts[0] as {
        readonly code: string;
        readonly causes: readonly { reason?: string }[];
      };
      const name = causes[0]?.reason ?? code;
      tally.set(name, (tally.get(name) ?? 0) + 1);
    }
    console.log({
      count,
      ...Object.fromEntries([...tally].sort()),
      byNode: node.verified,
      byJose: web.mock.calls.length,
    });
    expect(unequal.slice(0, 5)).toEqual([]);
    expect(node.verified).toBeGreaterThan(count / 2);
    // jose alone judges a few unusual tokens.
    expect(web.mock.calls.length).toBeGreaterThanOrEqual(node.verified);
    for (const reason of ["ok", "signature", "claim", "expired", "malformed", "key", "algorithm"]) {
      expect(tally.get(reason), reason).toBeGreaterThan(0);
    }
  });
});

test("of many new tokens at once, node:crypto verifies one and jose the others: other calls are not held up", async () => {
  const key = keys.find(({ alg }) => alg === "RS256") as SigningKey;
  const tokens = await Promise.all(Array.from({ length: 20 }, () => write(rightToken(key))));
  expect(await verifier.verdict(tokens[0] as string)).toMatchObject({ code: "ok" });
  await new Promise((resolve) => setImmediate(resolve));
  const node = controlNode();
  const web = vi.spyOn(crypto.subtle, "verify");
  const verdicts = await Promise.all(tokens.map((token) => verifier.verdict(token)));
  expect(verdicts).toEqual(tokens.map(() => expect.objectContaining({ code: "ok" })));
  expect(node.verified).toBe(1);
  expect(web).toHaveBeenCalledTimes(19);
});
