import {
  constants,
  createHash,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
} from "node:crypto";
import { createJwtAuthInterceptor, type JwtIssuerOptions } from "@connectum/auth";
import { SignJWT } from "jose";
import { describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { bearer } from "../support/verification.js";

const create = (publicKey: unknown, options: object = {}) =>
  createJwtAuthInterceptor({ audience: "lab", publicKey: publicKey as JwtIssuerOptions["publicKey"], ...options });
const sign = async (key: KeyObject, alg: string) =>
  bearer(await new SignJWT({ sub: "ada", aud: "lab" }).setProtectedHeader({ alg }).setExpirationTime("5m").sign(key));
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const jwkOf = (key: KeyObject) => key.export({ format: "jwk" });
const all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const cryptoKey = (key: KeyObject, algorithm: object, usages: string[]) =>
  webcrypto.subtle.importKey("jwk", jwkOf(key), algorithm as never, true, usages as never);

describe("a key that names its algorithm verifies by it alone", () => {
  test.each<[string, () => unknown, KeyObject, string[], string[]]>([
    ["no algorithm", () => jwkOf(rsa.publicKey), rsa.privateKey, all, []],
    [
      "a JWK for RS256",
      () => ({ ...jwkOf(rsa.publicKey), alg: "RS256" }),
      rsa.privateKey,
      ["RS256"],
      ["RS384", "RS512", "PS256", "PS384", "PS512"],
    ],
    [
      "a JWK for PS384",
      () => ({ ...jwkOf(rsa.publicKey), alg: "PS384" }),
      rsa.privateKey,
      ["PS384"],
      ["RS256", "PS256"],
    ],
    ["a JWK for ES256", () => ({ ...jwkOf(ec.publicKey), alg: "ES256", use: "sig" }), ec.privateKey, ["ES256"], []],
    ["a JWK that may verify", () => ({ ...jwkOf(ec.publicKey), key_ops: ["verify"] }), ec.privateKey, ["ES256"], []],
    ["a JWK for EdDSA", () => ({ ...jwkOf(ed.publicKey), alg: "EdDSA" }), ed.privateKey, ["EdDSA"], ["Ed25519"]],
    [
      "a CryptoKey for RS256",
      () => cryptoKey(rsa.publicKey, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, ["verify"]),
      rsa.privateKey,
      ["RS256"],
      ["RS384", "RS512", "PS256", "PS384", "PS512"],
    ],
    [
      "a CryptoKey for PS512",
      () => cryptoKey(rsa.publicKey, { name: "RSA-PSS", hash: "SHA-512" }, ["verify"]),
      rsa.privateKey,
      ["PS512"],
      ["RS512", "PS256", "PS384"],
    ],
    [
      "a CryptoKey for ES256",
      () => cryptoKey(ec.publicKey, { name: "ECDSA", namedCurve: "P-256" }, ["verify"]),
      ec.privateKey,
      ["ES256"],
      [],
    ],
    [
      "a CryptoKey for Ed25519",
      () => cryptoKey(ed.publicKey, { name: "Ed25519" }, ["verify"]),
      ed.privateKey,
      ["EdDSA", "Ed25519"],
      [],
    ],
  ])("%s", async (_, publicKey, privateKey, allowed, others) => {
    const key = await publicKey();
    const interceptor = create(key);
    for (const alg of allowed) {
      expect(await tryIt(interceptor, await sign(privateKey, alg))).toEqual(ok());
      expect(() => create(key, { algorithms: [alg] })).not.toThrow();
    }
    for (const alg of others) {
      expect(await tryIt(interceptor, await sign(privateKey, alg))).toMatchObject(refused());
      expect(() => create(key, { algorithms: [alg] })).toThrow(
        new TypeError(`algorithms: "${alg}" does not fit this public key; use ${allowed.join(", ")}`),
      );
    }
  });
});

describe("RSA keys for PSS alone", () => {
  const pair = (hash?: string, saltLength?: number, mgf1HashAlgorithm = hash) =>
    generateKeyPairSync("rsa-pss", {
      modulusLength: 2048,
      ...(hash && { hashAlgorithm: hash, mgf1HashAlgorithm }),
      ...(saltLength !== undefined && { saltLength }),
    } as never) as unknown as { publicKey: KeyObject; privateKey: KeyObject };
  /** jose signs by no such key. */
  const signPss = (key: KeyObject, alg: string) => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const exp = Math.floor(Date.now() / 1000) + 600;
    const input = `${encode({ alg })}.${encode({ sub: "ada", aud: "lab", exp })}`;
    const hash = `sha${alg.slice(2)}`;
    const saltLength = createHash(hash).digest().length;
    const signature = createSign(hash)
      .update(input)
      .sign({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, "base64url");
    return bearer(`${input}.${signature}`);
  };
  test("without parameters: by every PSS algorithm", async () => {
    const { publicKey, privateKey } = pair();
    for (const key of [publicKey, publicKey.export({ format: "pem", type: "spki" })]) {
      for (const alg of ["PS256", "PS384", "PS512"]) {
        expect(await tryIt(create(key), signPss(privateKey, alg))).toEqual(ok());
      }
      expect(() => create(key, { algorithms: ["RS256"] })).toThrow("use PS256, PS384, PS512");
    }
    expect(await tryIt(create(publicKey), signPss(pair().privateKey, "PS256"))).toMatchObject(refused());
  });
  test.each([
    ["sha256", 32, "PS256", "PS384"],
    ["sha384", 48, "PS384", "PS256"],
    ["sha512", 20, "PS512", "PS256"],
  ])("%s, a salt of %d bytes at least: by %s alone", async (hash, salt, alg, other) => {
    const { publicKey, privateKey } = pair(hash, salt);
    expect(await tryIt(create(publicKey), signPss(privateKey, alg))).toEqual(ok());
    expect(() => create(publicKey, { algorithms: [other] })).toThrow(
      `algorithms: "${other}" does not fit this public key; use ${alg}`,
    );
  });
  test.each([
    ["sha1", 20, "sha1"],
    ["sha256", 64, "sha256"],
    ["sha256", 32, "sha1"],
  ])("%s, a salt of %d bytes, mask %s: no JWT is signed so", (hash, salt, mask) => {
    expect(() => create(pair(hash, salt, mask).publicKey)).toThrow(
      `publicKey: its alg is "PSS with ${hash}, mask ${mask} and a salt of ${salt} bytes"; expected a key with RS256`,
    );
  });
  test("1,024 bits are too few", () => {
    const { publicKey } = generateKeyPairSync("rsa-pss", { modulusLength: 1024 });
    expect(() => create(publicKey)).toThrow("publicKey: its modulus has 1024 bits");
  });
});

describe("a key that can never verify a token, or is unsafe, is refused at creation", () => {
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  const { n } = jwkOf(rsa.publicKey);
  const e = (exponent: string) => ({ kty: "RSA", n, e: Buffer.from(exponent, "hex").toString("base64url") });
  const even = Buffer.from(n as string, "base64url");
  even[even.length - 1] = (even.at(-1) as number) & 0xfe;
  const edKey = (hex: string) => ({ kty: "OKP", crv: "Ed25519", x: Buffer.from(hex, "hex").toString("base64url") });
  const der = (jwk: object) => createPublicKey({ key: jwk as never, format: "jwk" });
  const zeros = "00".repeat(31);
  const exponent = "publicKey: its exponent e is not an odd number from 3 to 4294967295; use 65537";
  const order = "publicKey: its point has a small order: anybody can sign";
  test.each<[string, () => unknown, string]>([
    [
      "a JWK for encryption",
      () => ({ ...jwkOf(rsa.publicKey), use: "enc" }),
      'its use is "enc"; expected a key with use "sig"',
    ],
    [
      "a JWK that may encrypt",
      () => ({ ...jwkOf(rsa.publicKey), key_ops: ["encrypt"] }),
      'expected a key with "verify"',
    ],
    ["a JWK that may do nothing", () => ({ ...jwkOf(ec.publicKey), key_ops: [] }), "its key_ops are []; expected"],
    [
      "a JWK for RSA-OAEP",
      () => ({ ...jwkOf(rsa.publicKey), alg: "RSA-OAEP" }),
      'its alg is "RSA-OAEP"; expected a key with RS256',
    ],
    ["a JWK for HMAC", () => ({ ...jwkOf(rsa.publicKey), alg: "HS256" }), 'its alg is "HS256"'],
    ["a JWK for none", () => ({ ...jwkOf(rsa.publicKey), alg: "none" }), 'its alg is "none"'],
    [
      "a JWK for another curve",
      () => ({ ...jwkOf(ec.publicKey), alg: "ES384" }),
      'its alg is "ES384"; expected a key with ES256',
    ],
    ["a JWK whose alg is no text", () => ({ ...jwkOf(ec.publicKey), alg: 7 }), "its alg is not a string"],
    ["a JWK whose use is null", () => ({ ...jwkOf(ec.publicKey), use: null }), "its use is not a string"],
    [
      "a JWK whose key_ops are a text",
      () => ({ ...jwkOf(ec.publicKey), key_ops: "verify" }),
      "its key_ops are not a list",
    ],
    ["a JWK with a private part", () => ({ ...jwkOf(rsa.publicKey), p: "AQ" }), "got a private or secret key"],
    [
      "a CryptoKey for RSA-OAEP",
      () => cryptoKey(rsa.publicKey, { name: "RSA-OAEP", hash: "SHA-256" }, ["encrypt"]),
      'its alg is "RSA-OAEP"; expected a key with RS256',
    ],
    [
      "a CryptoKey for SHA-1",
      () => cryptoKey(rsa.publicKey, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" }, ["verify"]),
      'its alg is "RS1"',
    ],
    [
      "a CryptoKey without usages",
      () => cryptoKey(rsa.publicKey, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, []),
      'its key_ops are []; expected a key with "verify"',
    ],
    [
      "a CryptoKey for ECDH",
      () => cryptoKey(ec.publicKey, { name: "ECDH", namedCurve: "P-256" }, []),
      'its alg is "ECDH"',
    ],
    ["1,024 bits", () => short, "its modulus has 1024 bits; expected at least 2048 (RFC 7518 section 3.3)"],
    ["1,024 bits as PEM", () => short.export({ format: "pem", type: "spki" }), "its modulus has 1024 bits"],
    ["1,024 bits as PKCS #1", () => short.export({ format: "pem", type: "pkcs1" }), "its modulus has 1024 bits"],
    [
      "1,024 bits with zeros before them",
      () => ({ ...jwkOf(short), n: `AAAA${"A".repeat(400)}${jwkOf(short).n}` }),
      "bits",
    ],
    ["an even modulus", () => ({ ...jwkOf(rsa.publicKey), n: even.toString("base64url") }), "its modulus is even"],
    ["e = 1", () => e("01"), exponent],
    ["e = 1 with zeros before it", () => e("00000001"), exponent],
    ["e = 1 as PEM", () => der(e("01")).export({ format: "pem", type: "spki" }), exponent],
    ["e = 1 as KeyObject", () => der(e("01")), exponent],
    ["e = 2", () => e("02"), exponent],
    ["e = 65536", () => e("010000"), exponent],
    ["an e of five bytes", () => e("0100000001"), exponent],
    ["the neutral point of Ed25519", () => edKey(`01${zeros}`), order],
    ["the same with its sign", () => edKey(`01${"00".repeat(30)}80`), order],
    ["a point of order 4", () => edKey(`00${zeros}`), order],
    ["a point of order 2", () => edKey(`ec${"ff".repeat(30)}7f`), order],
    ["a point of order 8", () => edKey("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), order],
    [
      "another of order 8, as KeyObject",
      () => der(edKey("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
      order,
    ],
    ["a spelling of the neutral point that is too large", () => edKey(`ee${"ff".repeat(30)}7f`), order],
  ])("%s", async (_, publicKey, message) => {
    const key = await publicKey();
    expect(() => create(key)).toThrow(TypeError);
    expect(() => create(key)).toThrow(message);
    expect(() => create(key)).toThrow(/^publicKey: /);
  });

  test.each<[string, () => unknown]>([
    ["e = 3", () => e("03")],
    ["e = 65537", () => e("010001")],
    ["e = 65537 with zeros before it", () => e("00010001")],
    ["the largest e", () => e("ffffffff")],
    ["2,048 bits as PKCS #1", () => rsa.publicKey.export({ format: "pem", type: "pkcs1" })],
  ])("its twin is accepted: %s", (_, publicKey) => expect(() => create(publicKey())).not.toThrow());

  test("with e = 1 anybody could sign: that is what is refused", async () => {
    const key = der(e("01"));
    const bytes = Buffer.from(n as string, "base64url").length;
    // PKCS #1 padding of the digest is its own signature.
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const input = `${encode({ alg: "RS256" })}.${encode({ sub: "eve" })}`;
    const digest = Buffer.concat([
      Buffer.from("3031300d060960864801650304020105000420", "hex"),
      createHash("sha256").update(input).digest(),
    ]);
    const forged = Buffer.concat([
      Buffer.from([0, 1]),
      Buffer.alloc(bytes - digest.length - 3, 0xff),
      Buffer.from([0]),
      digest,
    ]);
    const { verify } = await import("node:crypto");
    expect(verify("sha256", Buffer.from(input), key, forged)).toBe(true);
  });

  test("a certificate, whose dates nothing would check", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    expect(() => create(certificate)).toThrow("publicKey: got a certificate");
    expect(() => create(certificate)).toThrow("Extract its key: openssl x509 -pubkey -noout");
  });
});

describe("the address of a key set", () => {
  test.each([
    "https://user:hunter2@login.example.com/jwks",
    "https://:hunter2@login.example.com/jwks",
    "https://user@login.example.com/jwks",
    "http://user:hunter2@localhost/jwks",
    new URL("https://user:hunter2@login.example.com/jwks?token=hunter2"),
    "http://user:hunter2@login.example.com/jwks",
    "user:hunter2@login.example.com/jwks",
    "https://user:hunter2@",
    "//user:hunter2@login.example.com",
    "https://login example.com/jwks?token=hunter2",
    "login.example.com/jwks?token=hunter2",
    "https://login example.com/jwks#hunter2",
  ])("%s is refused, and no secret is shown", (jwksUri) => {
    let error: Error | undefined;
    try {
      createJwtAuthInterceptor({ jwksUri, audience: "lab" });
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(error?.message).toMatch(/^jwksUri: /);
    expect(`${error?.message} ${error?.stack} ${JSON.stringify(error?.cause)} ${error?.cause}`).not.toContain(
      "hunter2",
    );
  });
  test.each(["https://login.example.com/jwks?token=hunter2", "https://login.example.com/a@b/jwks"])("%s", (jwksUri) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(() => createJwtAuthInterceptor({ jwksUri, audience: "lab" })).not.toThrow();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
