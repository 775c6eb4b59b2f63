import {
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  webcrypto,
} from "node:crypto";
import { runInNewContext } from "node:vm";
import { createJwtAuthInterceptor, type JwtIssuerOptions } from "@connectum/auth";
import { createTestJwt, startTestKeySet, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { SignJWT } from "jose";
import { Keyv } from "keyv";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { bearer, refusalOf } from "../support/verification.js";
import { spyOnVerifications } from "../support/verifications.js";

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

const create = (options: object) => createJwtAuthInterceptor({ audience: "lab", ...(options as JwtIssuerOptions) });
const sign = (key: KeyObject | Uint8Array, alg: string) =>
  new SignJWT({ sub: "ada", aud: "lab" }).setProtectedHeader({ alg }).setExpirationTime("5m").sign(key);
function errorOf(create: () => unknown): Error {
  try {
    create();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
const p256 = ec("P-256");
const rsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

describe("a public key verifies by the algorithms that fit it, and by no others", () => {
  test.each<[string, KeyPairKeyObjectResult, string[]]>([
    ["RSA", rsa, rsaAlgorithms],
    ["P-256", p256, ["ES256"]],
    ["P-384", ec("P-384"), ["ES384"]],
    ["P-521", ec("P-521"), ["ES512"]],
    ["Ed25519", generateKeyPairSync("ed25519"), ["EdDSA", "Ed25519"]],
  ])("%s", async (_, { publicKey, privateKey }, algorithms) => {
    for (const alg of algorithms) {
      const token = await sign(privateKey, alg);
      expect(await tryIt(create({ publicKey }), bearer(token))).toEqual(ok());
      expect(await tryIt(create({ publicKey, algorithms: [alg] }), bearer(token))).toEqual(ok());
    }
    for (const alg of ["HS256", "none", "", "ES256K"]) {
      expect(() => create({ publicKey, algorithms: [algorithms[0], alg] })).toThrow(TypeError);
      expect(() => create({ publicKey, algorithms: [algorithms[0], alg] })).toThrow(
        alg === ""
          ? "algorithms: expected a list of non-empty strings"
          : `algorithms: "${alg}" does not fit this public key; use ${algorithms.join(", ")}`,
      );
    }
  });

  test("RSA for PSS alone", () => {
    const { publicKey } = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
    expect(() => create({ publicKey, algorithms: ["PS256", "PS384", "PS512"] })).not.toThrow();
    expect(() => create({ publicKey, algorithms: ["RS256"] })).toThrow(
      'algorithms: "RS256" does not fit this public key; use PS256, PS384, PS512',
    );
  });

  test.each<[type: string, publicKey: KeyObject]>([
    ["ec", ec("secp256k1").publicKey],
    ["x25519", generateKeyPairSync("x25519").publicKey],
    ["ed448", generateKeyPairSync("ed448").publicKey],
  ])("there is none for a key of type %s", (type, publicKey) => {
    expect(() => create({ publicKey })).toThrow(TypeError);
    expect(() => create({ publicKey })).toThrow(`publicKey: no JWT algorithm uses a key of type ${type}`);
  });

  test("a token by another algorithm of the same key is refused where one is pinned", async () => {
    const interceptor = create({ publicKey: rsa.publicKey, algorithms: ["PS256"] });
    expect(await tryIt(interceptor, bearer(await sign(rsa.privateKey, "PS256")))).toEqual(ok());
    expect(await refusalOf(interceptor, bearer(await sign(rsa.privateKey, "RS256")))).toMatchObject({
      message: "ERR_JOSE_ALG_NOT_ALLOWED",
    });
  });
});

describe("the forms of a public key", () => {
  const pem = (key: KeyObject, type: "spki" | "pkcs8" | "sec1") => key.export({ format: "pem", type } as never);
  const imported = (key: KeyObject, use: "sign" | "verify") =>
    webcrypto.subtle.importKey("jwk", key.export({ format: "jwk" }), { name: "ECDSA", namedCurve: "P-256" }, true, [
      use,
    ]);
  test.each<[string, () => unknown]>([
    ["PEM", () => pem(p256.publicKey, "spki")],
    ["JWK", () => p256.publicKey.export({ format: "jwk" })],
    ["JWK with its name and use", () => ({ ...p256.publicKey.export({ format: "jwk" }), kid: "a", use: "sig" })],
    ["CryptoKey", () => imported(p256.publicKey, "verify")],
    ["KeyObject", () => p256.publicKey],
  ])("%s", async (_, publicKey) => {
    const interceptor = create({ publicKey: (await publicKey()) as JwtIssuerOptions["publicKey"] });
    expect(await tryIt(interceptor, bearer(await sign(p256.privateKey, "ES256")))).toEqual(ok());
    expect(await tryIt(interceptor, bearer(await sign(ec("P-256").privateKey, "ES256")))).toMatchObject(refused());
  });

  const isPrivate = "publicKey: got a private or secret key";
  const isNone = "publicKey: expected a public key as PEM, JWK, CryptoKey or KeyObject";
  const hmac = { name: "HMAC", hash: "SHA-256" };
  test.each<[string, () => unknown, string]>([
    ["a private key as PEM", () => pem(p256.privateKey, "pkcs8"), isPrivate],
    ["a private key as PEM of its kind", () => pem(p256.privateKey, "sec1"), isPrivate],
    ["a private key as JWK", () => p256.privateKey.export({ format: "jwk" }), isPrivate],
    ["a private key as CryptoKey", () => imported(p256.privateKey, "sign"), isPrivate],
    ["a private key as KeyObject", () => p256.privateKey, isPrivate],
    ["a secret key as KeyObject", () => createSecretKey(Buffer.alloc(32, 1)), isPrivate],
    ["a secret key as CryptoKey", () => webcrypto.subtle.generateKey(hmac, true, ["verify"]), isPrivate],
    ["a secret key as JWK", () => ({ kty: "oct", k: "x".repeat(43) }), isNone],
    ["a text", () => "PEM", isNone],
    ["a number", () => 7, isNone],
    ["an empty object", () => ({}), isNone],
    ["a list", () => [p256.publicKey], isNone],
  ])("%s is refused at creation", async (_, publicKey, message) => {
    const key = await publicKey();
    if (message === isNone) expect(errorOf(() => create({ publicKey: key })).cause).toBeInstanceOf(Error);
    expect(() => create({ publicKey: key })).toThrow(TypeError);
    expect(() => create({ publicKey: key })).toThrow(message);
  });
});

describe("a secret verifies by the hashes that it is as long as", () => {
  test.each([
    { length: 32, fitting: ["HS256"], longer: ["HS384", "HS512"] },
    { length: 47, fitting: ["HS256"], longer: ["HS384", "HS512"] },
    { length: 48, fitting: ["HS256", "HS384"], longer: ["HS512"] },
    { length: 63, fitting: ["HS256", "HS384"], longer: ["HS512"] },
    { length: 64, fitting: ["HS256", "HS384", "HS512"], longer: [] },
  ])("$length bytes: $fitting", async ({ length, fitting, longer }) => {
    const key = Buffer.alloc(length, "é");
    for (const secret of [key, new Uint8Array(key), ...(length % 2 === 0 ? [key.toString()] : [])]) {
      for (const alg of fitting) {
        expect(await tryIt(create({ secret }), bearer(await sign(key, alg)))).toEqual(ok());
        expect(() => create({ secret, algorithms: [alg] })).not.toThrow();
      }
      for (const alg of longer) {
        expect(() => create({ secret, algorithms: [alg] })).toThrow(
          `algorithms: "${alg}" does not fit a secret of ${length} bytes; use ${fitting.join(", ")}`,
        );
      }
    }
  });

  test.each([
    [Buffer.alloc(31), "secret: HS256 needs at least 32 bytes (RFC 7518 section 3.2), got 31"],
    [Buffer.alloc(0), "secret: HS256 needs at least 32 bytes (RFC 7518 section 3.2), got 0"],
    [7, "secret: expected a string or bytes"],
    [{ length: 64 }, "secret: expected a string or bytes"],
    [Array(64).fill(1), "secret: expected a string or bytes"],
  ])("%j is refused at creation", (secret, message) => {
    expect(() => create({ secret })).toThrow(TypeError);
    expect(() => create({ secret })).toThrow(message);
  });
});

describe("several key sources", () => {
  const jwksUri = "https://login.example.com/jwks";
  test.each([
    { given: { secret: TEST_JWT_SECRET }, said: undefined },
    { given: { publicKey: p256.publicKey }, said: undefined },
    { given: { jwksUri }, said: undefined },
    { given: { secret: TEST_JWT_SECRET, publicKey: p256.publicKey }, said: "publicKey is used; secret ignored." },
    { given: { secret: TEST_JWT_SECRET, jwksUri }, said: "jwksUri is used; secret ignored." },
    { given: { publicKey: p256.publicKey, jwksUri }, said: "jwksUri is used; publicKey ignored." },
    {
      given: { secret: TEST_JWT_SECRET, publicKey: p256.publicKey, jwksUri },
      said: "jwksUri is used; publicKey and secret ignored.",
    },
  ])("$given: $said", ({ given, said }) => {
    create(given);
    const want = said === undefined ? [] : [[`@connectum/auth: jwt: ${said} Configure one key source.`]];
    expect(warn.mock.calls).toEqual(want);
  });

  test("the one that is named verifies, and the ignored one does not", async () => {
    const interceptor = create({ secret: TEST_JWT_SECRET, publicKey: p256.publicKey });
    expect(await tryIt(interceptor, bearer(await sign(p256.privateKey, "ES256")))).toEqual(ok());
    expect(await tryIt(interceptor, bearer(await createTestJwt({ aud: "lab" })))).toMatchObject(refused());
  });

  test("none is refused at creation", () => {
    expect(() => create({})).toThrow("jwksUri, publicKey or secret: set one of them, to verify tokens");
  });
});

describe("the address of a key set", () => {
  const secure = [
    "https://login.example.com/jwks",
    new URL("https://login.example.com/jwks"),
    "http://localhost:8080/jwks",
    "http://127.0.0.1/jwks",
    "http://127.9.8.7/jwks",
    "http://[::1]/jwks",
  ];
  test.each(secure)("%s", (jwksUri) => expect(() => create({ jwksUri })).not.toThrow());

  test.each([
    ["http://login.example.com/jwks", "http://login.example.com"],
    [new URL("http://login.example.com:8080/jwks"), "http://login.example.com:8080"],
    ["http://127.0.0.1.example.com/jwks", "http://127.0.0.1.example.com"],
    ["http://localhost.example.com/jwks", "http://localhost.example.com"],
    ["http://128.0.0.1/jwks", "http://128.0.0.1"],
    ["http://10.127.0.1/jwks", "http://10.127.0.1"],
    ["http://[::2]/jwks", "http://[::2]"],
    ["http://0.0.0.0/jwks", "http://0.0.0.0"],
  ])("%s needs to be allowed", (jwksUri, origin) => {
    for (const options of [{}, { allowInsecureHttp: false }]) {
      expect(() => create({ jwksUri, ...options })).toThrow(TypeError);
      expect(() => create({ jwksUri, ...options })).toThrow(`jwksUri: ${origin} is not secure: use https:`);
    }
    expect(() => create({ jwksUri, allowInsecureHttp: true })).not.toThrow();
  });

  test.each([
    ["file:///keys.json", "jwksUri: file:// is not secure"],
    ["ftp://localhost/keys", "jwksUri: ftp://localhost is not secure"],
    ["data:application/json,{}", "jwksUri: data:// is not secure"],
    ["login.example.com/jwks", 'jwksUri: not a URL: "login.example.com/jwks"'],
  ])("%s is never taken", (jwksUri, message) => {
    for (const allowInsecureHttp of [true, false]) {
      expect(() => create({ jwksUri, allowInsecureHttp })).toThrow(TypeError);
      expect(() => create({ jwksUri, allowInsecureHttp })).toThrow(message);
    }
  });

  test("why it is not a URL stands in the cause", () => {
    expect(errorOf(() => create({ jwksUri: "keys" })).cause).toMatchObject({ code: "ERR_INVALID_URL" });
  });

  test("algorithms of a key set are asymmetric", () => {
    const jwksUri = "https://login.example.com/jwks";
    const all = [...rsaAlgorithms, "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
    expect(() => create({ jwksUri, algorithms: all })).not.toThrow();
    expect(() => create({ jwksUri, algorithms: ["HS256"] })).toThrow(
      `algorithms: "HS256" does not fit a key set; use ${all.join(", ")}`,
    );
  });
});

describe("what a store remembers is believed by those with the same keys alone", () => {
  const other = ec("P-256");
  const key = Buffer.alloc(32, "a");
  test.each<[string, object, object, () => Promise<string>]>([
    [
      "public keys",
      { publicKey: p256.publicKey },
      { publicKey: other.publicKey },
      () => sign(p256.privateKey, "ES256"),
    ],
    ["secrets", { secret: key }, { secret: Buffer.alloc(32, "b") }, () => sign(key, "HS256")],
    [
      "several issuers",
      { issuers: [{ issuer: "i", audience: "lab", secret: key }] },
      { issuers: [{ issuer: "i", audience: "lab", secret: Buffer.alloc(32, "b") }] },
      () => createTestJwt({ sub: "ada", aud: "lab", iss: "i" }, { key }),
    ],
  ])("%s", async (_, mine, theirs, token) => {
    const store = new Keyv<string>();
    const headers = bearer(await token());
    const protect = (options: object) =>
      createJwtAuthInterceptor({
        ...("issuers" in options ? {} : { audience: "lab" }),
        ...(options as JwtIssuerOptions),
        cache: { store },
      });
    expect(await tryIt(protect(mine), headers)).toEqual(ok());
    await vi.waitFor(async () => expect(store.store.size).toBe(1), 20_000);
    const verify = spyOnVerifications();
    expect(await tryIt(protect(mine), headers)).toEqual(ok());
    expect(verify).not.toHaveBeenCalled();
    expect(await tryIt(protect(theirs), headers)).toMatchObject(refused());
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  });

  test("key sets", async () => {
    const store = new Keyv<string>();
    const [mine, theirs] = [await startTestKeySet("ES256"), await startTestKeySet("ES256")];
    const protect = ({ jwksUri }: { jwksUri: string }) => create({ jwksUri, cache: { store } });
    const headers = bearer(await mine.sign({ sub: "ada", aud: "lab" }));
    expect(await tryIt(protect(mine), headers)).toEqual(ok());
    expect(await tryIt(protect(theirs), headers)).toMatchObject(refused());
    await Promise.all([mine.close(), theirs.close()]);
  });
});

test("a secret given as bytes is read once: wiping or reusing them afterwards changes nothing", async () => {
  for (const create_ of [(text: string) => Buffer.from(text), (text: string) => new TextEncoder().encode(text)]) {
    const secret = create_(TEST_JWT_SECRET);
    const interceptor = create({ secret });
    secret.fill(0);
    expect(await tryIt(interceptor, bearer(await sign(secret, "HS256")))).toMatchObject(refused());
    expect(await tryIt(interceptor, bearer(await sign(create_(TEST_JWT_SECRET), "HS256")))).toEqual(ok());
  }
});

test("a secret of another realm is bytes as well", async () => {
  const secret = runInNewContext("new Uint8Array(64).fill(7)") as Uint8Array;
  const token = await sign(new Uint8Array(64).fill(7), "HS256");
  expect(await tryIt(create({ secret }), bearer(token))).toEqual(ok());
  for (const other of [runInNewContext("new Uint16Array(64)"), new ArrayBuffer(64), { length: 64 }, 64, true]) {
    expect(() => create({ secret: other })).toThrow(TypeError);
  }
});
