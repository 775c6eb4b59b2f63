import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import { createJwtAuthInterceptor, type RemoteKeySetOptions } from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt, unavailable } from "../support/call.js";
import { createSigner, type Endpoint, startEndpoint } from "./published-keys.js";

let endpoint: Endpoint;
let warn: ReturnType<typeof vi.spyOn>;
beforeEach(async () => {
  endpoint = await startEndpoint();
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await endpoint.close();
});
const byKeySet = (jwks: RemoteKeySetOptions = {}, query = "") =>
  createJwtAuthInterceptor({ jwksUri: endpoint.url + query, audience: "lab", jwks, cache: false });
const pass = (ms: number) => vi.advanceTimersByTime(ms);
const signer = createSigner("good");
const others = (count: number) => Array.from({ length: count }, (_, i) => ({ ...signer.jwk, kid: `other-${i}` }));
/** Warnings of the key set. That calls are answered with `unavailable` is logged elsewhere. */
const said = (): string[] =>
  warn.mock.calls.map((call: unknown[]) => String(call[0])).filter((text: string) => text.includes("key set"));
const padded = (bytes: number) => JSON.stringify({ keys: [signer.jwk] }).padEnd(bytes, " ");

describe("how large a key set may be", () => {
  const mebibyte = 1_048_576;
  test.each<[string, RemoteKeySetOptions, unknown, unknown]>([
    ["a MiB, by default", {}, padded(mebibyte), padded(mebibyte + 1)],
    ["as configured", { maxBytes: 5_000 }, padded(5_000), padded(5_001)],
    ["more, as configured", { maxBytes: 2 * mebibyte }, padded(2 * mebibyte), padded(2 * mebibyte + 1)],
    ["1,000 keys, by default", {}, { keys: [...others(999), signer.jwk] }, { keys: [...others(1_000), signer.jwk] }],
    ["keys as configured", { maxKeys: 2 }, { keys: [...others(1), signer.jwk] }, { keys: [...others(2), signer.jwk] }],
    ["keys that are skipped count", { maxKeys: 2 }, { keys: [null, signer.jwk] }, { keys: [null, null, signer.jwk] }],
  ])("%s", async (_, options, allowed, tooLarge) => {
    const token = await signer.sign();
    endpoint.answer = allowed;
    expect(await tryIt(byKeySet(options), token)).toEqual(ok());
    endpoint.answer = tooLarge;
    expect(await tryIt(byKeySet(options), token)).toEqual(unavailable);
    expect(said().at(-1)).toMatch(
      /key set http:.*(more than \d+ bytes|\d+ keys are more than \d+); jwks.max\w+ raises/,
    );
  });

  test("a body without end is not read to its end", async () => {
    let written = 0;
    const write = (response: ServerResponse): void => {
      while (response.write(Buffer.alloc(65_536, " "))) written += 65_536;
      response.once("drain", () => write(response));
    };
    endpoint.answer = write;
    // No limit of time is needed for that.
    expect(await tryIt(byKeySet({ timeout: 2 ** 40 }), await signer.sign())).toEqual(unavailable);
    expect(written).toBeLessThan(64 * 1_048_576);
  });

  test("nor one that is small on the wire and large in memory", async () => {
    const { gzipSync } = await import("node:zlib");
    const packed = gzipSync(Buffer.alloc(50_000_000, " "));
    endpoint.answer = (response: ServerResponse) => response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
    expect(await tryIt(byKeySet(), await signer.sign())).toEqual(unavailable);
    expect(said()).toEqual([expect.stringContaining("more than 1048576 bytes")]);
  });

  test("many keys leave the process time for others", async () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-521" });
    const slow = Array.from({ length: 999 }, (_, i) => ({ ...publicKey.export({ format: "jwk" }), kid: `slow-${i}` }));
    endpoint.answer = { keys: [...slow, signer.jwk] };
    // A busy machine may need longer than the default limit.
    const limits = { verificationTime: 60_000 };
    const jwks = { timeout: 60_000 };
    const interceptor = createJwtAuthInterceptor({ jwksUri: endpoint.url, audience: "lab", jwks, limits });
    const call = tryIt(interceptor, await signer.sign());
    let turns = 0;
    let isOver = false;
    void call.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    expect(await call).toEqual(ok());
    // At least one turn of the event loop for each key.
    expect(turns).toBeGreaterThan(999);
  });

  test.each(["maxBytes", "maxKeys"])("jwks.%s must be a whole number above 0", (name) => {
    for (const value of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "1000", null]) {
      expect(() => byKeySet({ [name]: value })).toThrow(TypeError);
      expect(() => byKeySet({ [name]: value })).toThrow(
        `jwks.${name}: expected a whole number above 0, got ${typeof value === "string" ? JSON.stringify(value) : value}`,
      );
    }
    expect(() => byKeySet({ [name]: 1 })).not.toThrow();
  });
});

describe("a success that cannot be one keeps the last good key set, and is logged once", () => {
  test.each<[string, unknown, string]>([
    ["no keys", { keys: [] }, "no usable key"],
    ["keys for encryption alone", { keys: [{ ...signer.jwk, use: "enc" }] }, "no usable key"],
    ["keys of unknown kinds alone", { keys: [{ kty: "AKP", alg: "ML-DSA-44" }] }, "no usable key"],
    ["null alone", { keys: [null] }, "no usable key; key without kid: it is not an object"],
    ["a secret alone", { keys: [{ kty: "oct", k: "c2VjcmV0", kid: "s" }] }, 'key "s": it is a private or secret key'],
    [
      "a point off the curve alone",
      { keys: [{ ...signer.jwk, y: signer.jwk.x }] },
      'key "good": it cannot be imported',
    ],
    ["an empty object", {}, 'not an object with a list of "keys"'],
    ["an inherited name", '{"__proto__":{"keys":[]}}', 'not an object with a list of "keys"'],
    ["keys that are no list", { keys: {} }, 'not an object with a list of "keys"'],
    ["a list", [signer.jwk], 'not an object with a list of "keys"'],
    ["null", null, 'not an object with a list of "keys"'],
    ["HTML", "<html>", "not JSON"],
    ["nothing", "", "not JSON"],
    ["too many keys", { keys: others(1_001) }, "1001 keys are more than 1000"],
    ["too many bytes", padded(2_000_000), "more than 1048576 bytes"],
    ["brackets", "[".repeat(1_000_000), "not JSON"],
  ])("%s", async (_, answer, problem) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const interceptor = byKeySet({ maxAge: 10_000 }, "?key=hunter2");
    const token = await signer.sign();
    endpoint.answer = { keys: [signer.jwk] };
    expect(await tryIt(interceptor, token)).toEqual(ok());
    expect(said()).toEqual([]);
    endpoint.answer = answer;
    for (let i = 0; i < 5; i++) {
      pass(20_000);
      expect(await tryIt(interceptor, token)).toEqual(ok());
    }
    expect(endpoint.requests).toBe(6);
    expect(said()).toEqual([expect.stringContaining(problem)]);
    expect(said()[0]).toContain(`@connectum/auth: key set ${endpoint.url}: `);
    expect(said()[0]).not.toContain("hunter2");
    expect(said()[0]).not.toContain(signer.jwk.x);
    // Without a good one before, nothing can be verified.
    expect(await tryIt(byKeySet(), token)).toEqual(unavailable);
    // It recovers, with a new key.
    const next = createSigner("next");
    endpoint.answer = { keys: [next.jwk] };
    pass(20_000);
    expect(await tryIt(interceptor, await next.sign("bob"))).toEqual(ok("bob"));
    expect(await tryIt(interceptor, token)).toMatchObject(refused());
  });

  test("different ones are logged at a bounded rate", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const interceptor = byKeySet();
    const token = await signer.sign();
    for (let i = 0; i < 30; i++) {
      endpoint.answer = { keys: Array(1_001 + i).fill(null) };
      expect(await tryIt(interceptor, token)).toEqual(unavailable);
      pass(8_000);
    }
    expect(endpoint.requests).toBe(30);
    expect(said()).toHaveLength(10);
    pass(3_600_000);
    expect(await tryIt(interceptor, token)).toEqual(unavailable);
    expect(said()).toHaveLength(11);
  });
});

describe("a key that cannot be used is skipped, the others are used", () => {
  const rsa = (bits: number) => generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" });
  const strong = rsa(2048);
  const ed = (hex: string) => ({ kty: "OKP", crv: "Ed25519", x: Buffer.from(hex, "hex").toString("base64url") });
  const p = { d: "AQ" };
  test.each<[string, unknown, string | undefined]>([
    ["null", null, "key without kid: it is not an object"],
    ["a text", "key", "key without kid: it is not an object"],
    ["a list", [], "key without kid: it is not an object"],
    ["an empty object", {}, "key without kid: it has no kty"],
    ["a name that is no text", { ...signer.jwk, kid: 7 }, "key without kid: its kid is not a string"],
    [
      "operations that are no list",
      { ...signer.jwk, kid: "b", key_ops: "verify" },
      'key "b": its key_ops are not a list',
    ],
    ["no coordinates", { kty: "EC", crv: "P-256", kid: "b" }, 'key "b": its coordinates are not 32 bytes long'],
    ["no modulus", { kty: "RSA", kid: "b", e: "AQAB" }, 'key "b": its n or e is missing or malformed'],
    ["e = 1", { ...strong, kid: "b", e: "AQ" }, 'key "b": its exponent e is not an odd number'],
    ["1,024 bits", { ...rsa(1024), kid: "b" }, 'key "b": its modulus has 1024 bits; expected at least 2048'],
    ["a private key", { ...signer.privateKey.export({ format: "jwk" }), kid: "b" }, "a private or secret key"],
    ["a private part", { ...strong, ...p, kid: "b" }, "a private or secret key"],
    ["a secret", { kty: "oct", k: "x".repeat(43), kid: "b" }, "a private or secret key"],
    ["a point of small order", { ...ed(`01${"00".repeat(31)}`), kid: "b" }, "its point has a small order"],
    ["a point off the curve", { ...signer.jwk, kid: "b", y: signer.jwk.x }, 'key "b": it cannot be imported'],
    ["a name that is made for the log", { ...signer.jwk, kid: `\n${"x".repeat(500)}`, crv: 7 }, 'key "\\nxxx'],
    // What is meant for something else is nobody's fault.
    ["a key for encryption", { ...strong, kid: "b", use: "enc" }, undefined],
    ["a key for wrapping", { ...strong, kid: "b", key_ops: ["wrapKey"] }, undefined],
    ["a key for another algorithm", { ...strong, kid: "b", alg: "RSA-OAEP" }, undefined],
    ["a key of an unknown kind", { kty: "new", kid: "b" }, undefined],
    ["a key of an unknown curve", { kty: "EC", crv: "secp256k1", x: "AA", y: "AA", kid: "b" }, undefined],
  ])("%s", async (_, key, fault) => {
    for (const keys of [
      [key, signer.jwk],
      [signer.jwk, key],
    ]) {
      warn.mockClear();
      endpoint.answer = { keys };
      const interceptor = byKeySet();
      for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, await signer.sign())).toEqual(ok());
      expect(said()).toEqual(fault === undefined ? [] : [expect.stringContaining(fault)]);
      for (const text of said()) expect(text).not.toMatch(/[\n]|x{101}/);
    }
  });

  test("a token by such a key is refused", async () => {
    const weak = createSigner("weak", generateKeyPairSync("rsa", { modulusLength: 1024 }) as never);
    endpoint.answer = { keys: [weak.jwk, signer.jwk] };
    const { createSign } = await import("node:crypto");
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const exp = Math.floor(Date.now() / 1000) + 600;
    const input = `${encode({ alg: "RS256", kid: "weak" })}.${encode({ sub: "eve", aud: "lab", exp })}`;
    const signature = createSign("sha256").update(input).sign(weak.privateKey, "base64url");
    const interceptor = byKeySet({ cooldown: 1 });
    const forged = { authorization: `Bearer ${input}.${signature}` };
    expect(await tryIt(interceptor, forged)).toMatchObject(refused());
    expect(await tryIt(interceptor, await signer.sign())).toEqual(ok());
  });

  test("a secret that is published signs nothing", async () => {
    const key = Buffer.alloc(32, "s");
    endpoint.answer = { keys: [{ kty: "oct", k: key.toString("base64url"), kid: "s", alg: "HS256" }, signer.jwk] };
    const { createTestJwt } = await import("@connectum/auth/testing");
    const token = await createTestJwt({ sub: "eve", aud: "lab" }, { key, header: { alg: "HS256", kid: "s" } });
    expect(await tryIt(byKeySet(), { authorization: `Bearer ${token}` })).toMatchObject(refused());
  });
});
