import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createJwtAuthInterceptor, type JwtIssuerOptions } from "@connectum/auth";
import { createTestJwt, createTestKeyPair, TEST_JWT_SECRET, type TestKeyPair } from "@connectum/auth/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { bearer, refusalOf } from "../support/verification.js";
import { spyOnVerifications } from "../support/verifications.js";

afterEach(() => vi.useRealTimers());

const now = Math.floor(Date.now() / 1000);
const encode = (text: string) => Buffer.from(text).toString("base64url");
const bySecret = (options: JwtIssuerOptions = {}) =>
  createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab", ...options });
const sign = (claims: object = {}, key?: Uint8Array) =>
  createTestJwt({ sub: "ada", aud: "lab", ...claims }, key && { key });

describe("a refusal says why, and whether it holds for good", () => {
  const claimFailed = "ERR_JWT_CLAIM_VALIDATION_FAILED";
  test.each<{
    name: string;
    options?: JwtIssuerOptions;
    token: () => Promise<string> | string;
    why: string;
    final: boolean;
  }>([
    { name: "expired", token: () => sign({ exp: now - 5 }), why: "ERR_JWT_EXPIRED", final: true },
    {
      name: "too old",
      options: { maxTokenAge: 10 },
      token: () => sign({ iat: now - 20 }),
      why: "ERR_JWT_EXPIRED",
      final: true,
    },
    { name: "another audience", token: () => sign({ aud: "x" }), why: claimFailed, final: true },
    { name: "not yet valid", token: () => sign({ nbf: now + 60 }), why: claimFailed, final: false },
    {
      name: "issued in the future",
      options: { maxTokenAge: 90 },
      token: () => sign({ iat: now + 60 }),
      why: claimFailed,
      final: false,
    },
    { name: "no token", token: () => "x.y.z", why: "ERR_JWS_INVALID", final: true },
    {
      name: "another key",
      token: () => sign({}, new Uint8Array(32).fill(1)),
      why: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
      final: true,
    },
    { name: "a subject that is malformed", token: () => sign({ sub: "" }), why: "the claim mapped to", final: false },
  ])("$name", async ({ options, token, why, final }) => {
    const refusal = await refusalOf(bySecret(options), bearer(await token()));
    expect(refusal).toMatchObject({ name: "InvalidCredentialError", message: expect.stringContaining(why), final });
  });

  test.each([
    {
      name: "a member twice",
      header: encode('{"alg":"HS256","alg":"HS256"}'),
      why: "duplicate member in the header or the claims",
    },
    { name: "unused bits", header: `${encode('{"alg":"HS256"}  ').slice(0, -1)}B`, why: "not canonical base64url" },
  ])("$name", async ({ header, why }) => {
    const input = `${header}.${(await sign()).split(".")[1]}`;
    const signature = createHmac("sha256", TEST_JWT_SECRET).update(input).digest("base64url");
    const refusal = await refusalOf(bySecret(), bearer(`${input}.${signature}`));
    expect(refusal).toMatchObject({ name: "InvalidCredentialError", message: why, final: true });
  });
});

describe("a token of several readings is refused, though its signature is right", () => {
  const exp = now + 600;
  const claims = `{"sub":"ada","aud":"lab","exp":${exp}}`;
  const mark = "\ufeff";
  const token = (header: string, payload: string) => {
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${createHmac("sha256", TEST_JWT_SECRET).update(input).digest("base64url")}`;
  };
  const extension = "unsupported header extension (crit, b64)";
  test.each([
    { name: "b64: false", header: '{"alg":"HS256","b64":false}', why: extension },
    { name: "b64: true", header: '{"alg":"HS256","b64":true}', why: extension },
    { name: "b64: null", header: '{"alg":"HS256","b64":null}', why: extension },
    { name: "b64: true, critical", header: '{"alg":"HS256","b64":true,"crit":["b64"]}', why: extension },
    { name: "b64: false, critical", header: '{"alg":"HS256","b64":false,"crit":["b64"]}', why: "ERR_JWT_INVALID" },
    { name: "an unknown extension", header: '{"alg":"HS256","x":1,"crit":["x"]}', why: "ERR_JOSE_NOT_SUPPORTED" },
    { name: "no extension", header: '{"alg":"HS256","crit":[]}', why: "ERR_JWS_INVALID" },
    { name: "a byte order mark before the header", header: `${mark}{"alg":"HS256"}`, why: "a byte order mark" },
    { name: "a byte order mark before the claims", payload: mark + claims, why: "a byte order mark" },
    { name: "two byte order marks", payload: mark + mark + claims, why: "ERR_JWT_INVALID" },
    { name: "a byte order mark after the claims", payload: claims + mark, why: "ERR_JWT_INVALID" },
  ])("$name", async ({ header = '{"alg":"HS256"}', payload = claims, why }) => {
    const refusal = await refusalOf(bySecret(), bearer(token(header, payload)));
    expect(refusal).toMatchObject({ name: "InvalidCredentialError", message: why });
    expect(await tryIt(bySecret(), bearer(token(header, payload)))).toMatchObject(refused());
  });

  test.each([
    ["the usual header", '{"alg":"HS256"}', claims],
    ["white space", ' {"alg":"HS256" }\n', `\t${claims} `],
    ["a mark inside of a text", '{"alg":"HS256"}', `{"name":"${mark}","sub":"ada","aud":"lab","exp":${exp}}`],
    ["claims of these names", '{"alg":"HS256"}', `{"b64":false,"crit":["x"],"sub":"ada","aud":"lab","exp":${exp}}`],
  ])("%s is accepted", async (_, header, payload) => {
    expect(await tryIt(bySecret(), bearer(token(header, payload)))).toEqual(ok());
  });
});

describe("refusals by a key set hold until its keys change", () => {
  let pairs: TestKeyPair[];
  let close: () => Promise<unknown>;
  let jwksUri: string;
  let keys: object[];
  beforeAll(async () => {
    pairs = await Promise.all(["a", "b"].map((kid) => createTestKeyPair("ES256", kid)));
    const server = createServer((_, response) => response.end(JSON.stringify({ keys })));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    close = () => new Promise((resolve) => server.close(resolve));
  });
  afterAll(() => close());

  test.each([
    { name: "a key that is not there", before: () => [pairs[1]?.publicJwk], why: "ERR_JWKS_NO_MATCHING_KEY" },
    {
      name: "two keys of one name",
      before: () => [pairs[0]?.publicJwk, { ...pairs[1]?.publicJwk, kid: "a" }],
      why: "ERR_JWKS_MULTIPLE_MATCHING_KEYS",
    },
  ])("$name", async ({ before, why }) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    keys = before() as object[];
    const interceptor = createJwtAuthInterceptor({ jwksUri, audience: "lab", jwks: { maxAge: 2, cooldown: 1 } });
    const token = await createTestJwt(
      { sub: "ada", aud: "lab" },
      { key: (pairs[0] as TestKeyPair).privateKey, header: { alg: "ES256", kid: "a" } },
    );
    expect(await tryIt(interceptor, bearer("x.y.z"))).toMatchObject(refused());
    vi.advanceTimersByTime(10);
    expect(await refusalOf(interceptor, bearer(token))).toMatchObject({ message: why, final: false });
    keys = [pairs[0]?.publicJwk as object];
    vi.advanceTimersByTime(10);
    expect(await tryIt(interceptor, bearer(token))).toEqual(ok());
  });
});
describe("what is remembered of a refusal", () => {
  test("that it is not valid yet, is not", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const interceptor = bySecret();
    const headers = bearer(await sign({ nbf: now + 5 }));
    expect(await tryIt(interceptor, headers)).toMatchObject(refused());
    vi.advanceTimersByTime(6_000);
    expect(await tryIt(interceptor, headers)).toEqual(ok());
  });

  test("that it has expired, is, until the clock is set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const verify = spyOnVerifications();
    const interceptor = bySecret();
    const headers = bearer(await sign({ exp: now - 1 }));
    for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, headers)).toMatchObject(refused());
    expect(verify).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() - 5_000);
    expect(await tryIt(interceptor, headers)).toEqual(ok());
    verify.mockRestore();
  });
});
