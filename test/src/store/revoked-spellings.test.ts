import {
  type AuthScheme,
  createRevocations,
  createSessionAuthInterceptor,
  credentials,
  jwt,
  type Revocation,
  type Revocations,
  session,
} from "@connectum/auth";
import { type CryptoKey, EncryptJWT, generateKeyPair, type JWTPayload, jwtDecrypt, jwtVerify, SignJWT } from "jose";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { startInstance, TestStore } from "./instance.js";

afterEach(() => vi.restoreAllMocks());

const curves = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
};

/** The same token with the other signature that verifies: s replaced by n - s. */
function twinOf(token: string, alg: keyof typeof curves): string {
  const [header, payload, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const half = bytes.length / 2;
  const s = curves[alg] - BigInt(`0x${bytes.subarray(half).toString("hex")}`);
  const other = Buffer.from(s.toString(16).padStart(half * 2, "0"), "hex");
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, half), other]).toString("base64url")}`;
}

const sign = (alg: string, key: CryptoKey, claims: JWTPayload = {}) =>
  new SignJWT({ sub: "ada", aud: "lab", ...claims })
    .setProtectedHeader({ alg })
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(key);

describe.each(Object.keys(curves) as (keyof typeof curves)[])("a token by %s and its twin", (alg) => {
  test.each<[string, (publicKey: CryptoKey) => AuthScheme]>([
    ["jwt", (publicKey) => jwt({ publicKey, audience: "lab" })],
    ["jwt without a cache", (publicKey) => jwt({ publicKey, audience: "lab", cache: false })],
    [
      "a verifier of one's own",
      (publicKey) =>
        credentials({
          verifyCredentials: async (token) => ({ subject: (await jwtVerify(token, publicKey)).payload.sub ?? "" }),
        }),
    ],
  ])("are revoked by either of them: %s", async (_, scheme) => {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    for (const revokedBy of ["token", "twin"] as const) {
      const store = new TestStore();
      const start = () => startInstance({ authenticate: scheme(publicKey), revocations: createRevocations({ store }) });
      const [here, there] = [start(), start()];
      const token = await sign(alg, privateKey, { jti: revokedBy });
      const twin = twinOf(token, alg);
      const other = await sign(alg, privateKey, { jti: "other" });
      expect(twin).not.toBe(token);
      expect([await here.call(token), await here.call(twin)]).toEqual(["ada", "ada"]);
      await here.revoke({ credential: { token, twin }[revokedBy] });
      for (const { call } of [here, there]) {
        expect([await call(token), await call(twin), await call(other)]).toEqual([
          "Unauthenticated",
          "Unauthenticated",
          "ada",
        ]);
      }
    }
  });
});

describe("a credential is revoked in every spelling", () => {
  const byCookie = session({ cookie: "s", verifySession: (token) => token, mapSession: () => ({ subject: "ada" }) });
  const byHeader = credentials({
    extractCredentials: (headers) => headers.get("authorization"),
    verifyCredentials: () => ({ subject: "ada" }),
  });
  const byToken = credentials({ verifyCredentials: () => ({ subject: "ada" }) });
  const cookie = (value: string) => ({ cookie: `s=${value}` });
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

  test.each<[string, AuthScheme, string, HeadersInit]>([
    ["a cookie as it is", byCookie, "abc", cookie("abc")],
    ["a cookie in quotes", byCookie, "abc", cookie('"abc"')],
    ["a cookie that is percent-encoded", byCookie, "a/b=", cookie("a%2Fb%3D")],
    ["a cookie that need not be percent-encoded", byCookie, "abc", cookie("%61bc")],
    ["a cookie, revoked percent-encoded", byCookie, "a%2Fb%3D", cookie("a/b=")],
    ["a token of a session", byCookie, "abc", bearer("abc")],
    ["a token with the word before it", byToken, "Bearer abc", bearer("abc")],
    ["a token with the word before it, in small letters", byToken, "bearer  abc", bearer("abc")],
    ["a whole header", byHeader, "abc", bearer("abc")],
    ["a whole header by a whole header", byHeader, "Bearer abc", bearer("abc")],
    ["a key with dots", byToken, "live.key.secret", bearer("live.key.secret")],
  ])("%s", async (_, authenticate, credential, headers) => {
    const { interceptors, revoke } = startInstance({ authenticate });
    expect(await tryIt(interceptors, headers)).toMatchObject({ code: "ok" });
    await revoke({ credential });
    expect(await tryIt(interceptors, headers)).toMatchObject({ code: "Unauthenticated" });
    expect(await tryIt(interceptors, bearer("live.key.other"))).toMatchObject({ code: "ok" });
  });
});

describe("a token id", () => {
  test.each<[string, unknown, string | number, string]>([
    ["a text by a text", "7", "7", "8"],
    ["a number by a number", 7, 7, "8"],
    ["a number by a text", 7, "7", "8"],
    ["a text by a number", "7", 7, "8"],
    ["a number that JSON rounds", JSON.parse("12345678901234567891"), "12345678901234567891", "1"],
    ["a long text, and no neighbour", "12345678901234567891", "12345678901234567891", "12345678901234567892"],
    ["zero", 0, 0, "00"],
  ])("%s", async (_, jti, tokenId, other) => {
    const { call, revoke } = startInstance({
      authenticate: credentials({
        verifyCredentials: (token) => ({ subject: "ada", claims: { jti: token === "this" ? jti : other } }),
      }),
    });
    await revoke({ tokenId });
    expect([await call("this"), await call("other")]).toEqual(["Unauthenticated", "ada"]);
  });

  test("of a session is the claim that mapSession gives it, however its cookie is spelled", async () => {
    const { interceptors, revoke } = startInstance({
      authenticate: session({
        verifySession: (_, headers) => headers.get("cookie"),
        mapSession: (id) => ({ subject: "ada", claims: { jti: id.includes("1") ? "id-1" : "id-2" } }),
      }),
    });
    await revoke({ tokenId: "id-1" });
    expect(await tryIt(interceptors, { cookie: "s=1" })).toMatchObject({ code: "Unauthenticated" });
    expect(await tryIt(interceptors, { cookie: "s=2" })).toMatchObject({ code: "ok" });
  });
});

describe("a revocation that could mean nobody is refused", () => {
  test.each<[unknown]>([
    [{ credential: " abc" }],
    [{ credential: "abc\n" }],
    [{ credential: "abc\u00a0" }],
    [{ credential: "a\u0000c" }],
    [{ credential: "Bearer " }],
    [{ credential: '""' }],
    [{ credential: 7 }],
    [{ tokenId: Number.NaN }],
    [{ tokenId: true }],
    [{ tokenId: "" }],
  ])("%j", async (what) => {
    const { call, revoke } = startInstance({
      authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
    });
    await expect(revoke(what as Revocation)).rejects.toThrow(TypeError);
    expect(await call("abc")).toBe("abc");
  });

  const scheme = (presents: "nothing" | "unknown"): AuthScheme => ({
    name: presents,
    challenge: undefined,
    trustedHeaders: [],
    cache: false,
    presents,
    read: ({ header }) =>
      header.has("x-user")
        ? { key: undefined, verify: () => ({ identity: { subject: header.get("x-user") ?? "" } }) }
        : undefined,
  });
  const keys = credentials({ verifyCredentials: (subject) => ({ subject }) });

  test.each(["nothing", "unknown"] as const)("a credential, where callers present %s", async (presents) => {
    const { interceptors, revoke } = startInstance({ authenticate: scheme(presents) });
    await expect(revoke({ credential: "abc" })).rejects.toThrow(/use { subject }, or { tokenId }/);
    await revoke({ subject: "ada" });
    expect(await tryIt(interceptors, { "x-user": "ada" })).toMatchObject({ code: "Unauthenticated" });
    expect(await tryIt(interceptors, { "x-user": "bob" })).toMatchObject({ code: "ok" });
  });

  test("and not where another scheme knows its credentials", async () => {
    const { call, revoke } = startInstance({ authenticate: [scheme("nothing"), keys] });
    await revoke({ credential: "abc" });
    expect([await call("abc"), await call("bob")]).toEqual(["Unauthenticated", "bob"]);
  });

  test("a process that serves nobody revokes for others, through the store", async () => {
    const store = new TestStore();
    await createRevocations({ store }).revoke({ credential: "abc" });
    const { call } = startInstance({ authenticate: keys, revocations: createRevocations({ store }) });
    expect([await call("abc"), await call("bob")]).toEqual(["Unauthenticated", "bob"]);
  });
});

describe("setting the clock does not end a revocation early", () => {
  test.each([
    ["a year ahead", 365 * 86_400_000],
    ["a year back", -365 * 86_400_000],
  ])("%s", async (_, step) => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date", "performance"], now });
    try {
      const store = new TestStore();
      const start = () =>
        startInstance({
          authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
          revocations: createRevocations({ store, ttl: 60_000 }),
        });
      const [here, there] = [start(), start()];
      await here.revoke({ subject: "ada" });
      expect(await there.call("ada")).toBe("Unauthenticated");
      vi.setSystemTime(now + step);
      store.entries.clear();
      vi.advanceTimersByTime(59_999);
      expect([await here.call("ada"), await there.call("ada"), await here.call("bob")]).toEqual([
        "Unauthenticated",
        "Unauthenticated",
        "bob",
      ]);
      vi.advanceTimersByTime(1);
      expect([await here.call("ada"), await there.call("ada")]).toEqual(["ada", "ada"]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("an encrypted token", () => {
  const key = new Uint8Array(32).fill(7);
  const encrypt = (sub: string) =>
    new EncryptJWT({ sub }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).setExpirationTime("1h").encrypt(key);
  const start = () =>
    startInstance({
      authenticate: credentials({
        verifyCredentials: async (token) => ({ subject: (await jwtDecrypt(token, key)).payload.sub ?? "" }),
      }),
    });
  /** The same bytes, with bits set that no decoder looks at. */
  function respell(token: string): string {
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return token.replace(/.$/, (last) => digits[digits.indexOf(last) + 1] ?? "");
  }

  test("is revoked in every spelling that is decrypted", async () => {
    const [token, other] = [await encrypt("ada"), await encrypt("eve")];
    for (const [revoked, sent] of [
      [token, respell(token)],
      [respell(token), token],
    ] as const) {
      const { call, revoke } = start();
      expect([await call(revoked), await call(sent)]).toEqual(["ada", "ada"]);
      await revoke({ credential: revoked });
      expect([await call(revoked), await call(sent)]).toEqual(["Unauthenticated", "Unauthenticated"]);
      expect(await call(other)).toBe("eve");
    }
  });
});

test("a token in a cookie, behind an encoded Bearer, is revoked by its name and in every spelling", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const [token, other] = [await sign("ES256", privateKey), await sign("ES256", privateKey, { jti: "other" })];
  const authentication = (revocations: Revocations) =>
    createSessionAuthInterceptor({
      cookie: "t",
      bearer: false,
      verifySession: async (cookie = "") =>
        (await jwtVerify(decodeURIComponent(cookie).replace("Bearer ", ""), publicKey)).payload.sub,
      mapSession: (subject) => ({ subject }),
      revocations,
    });
  const cookie = (text: string) => ({ cookie: `t=Bearer%20${text}` });
  for (const revoked of [token, twinOf(token, "ES256"), `Bearer ${token}`, `Bearer%20${token}`]) {
    const revocations = createRevocations();
    const interceptor = authentication(revocations);
    expect(await tryIt(interceptor, cookie(token))).toEqual(ok());
    await revocations.revoke({ credential: revoked });
    expect(await tryIt(interceptor, cookie(token))).toMatchObject(refused());
    expect(await tryIt(interceptor, cookie(twinOf(token, "ES256")))).toMatchObject(refused());
    expect(await tryIt(interceptor, cookie(other))).toEqual(ok());
  }
});
