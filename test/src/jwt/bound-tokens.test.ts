import { createInternalAuthInterceptor, createJwtAuthInterceptor, signedTokenTrust } from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { Keyv } from "keyv";
import { describe, expect, test } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";
import { bearer, refusalOf } from "../support/verification.js";

const one = { issuer: "https://a.example.com", audience: "lab", secret: TEST_JWT_SECRET };
const other = { ...one, issuer: "https://b.example.com" };
const token = (claims: object, iss = one.issuer) => createTestJwt({ sub: "ada", aud: "lab", iss, ...claims });
const jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

/** The same tokens, taken by a scheme for users and by one for services. */
const takers = {
  "jwt, one issuer": (options: object) => createJwtAuthInterceptor({ ...one, ...options }),
  "jwt, several issuers": (options: object) => createJwtAuthInterceptor({ issuers: [{ ...one, ...options }, other] }),
  signedTokenTrust: (options: object) =>
    createInternalAuthInterceptor({ trust: signedTokenTrust({ issuers: [{ ...one, ...options }, other] }) }),
};

describe.each(Object.entries(takers))("a token that is bound to a key, by %s", (_, create) => {
  test.each<[string, unknown]>([
    ["a key's thumbprint (DPoP, RFC 9449)", { jkt }],
    ["a certificate's (mutual TLS, RFC 8705)", { "x5t#S256": jkt }],
    ["a key (RFC 7800)", { jwk: { kty: "EC" } }],
    ["an encrypted key", { jwe: "x" }],
    ["a name of a key", { kid: "a" }],
    ["the address of a key", { jku: "https://a.example.com/keys" }],
    ["nothing", {}],
    ["null", null],
    ["a text", "x"],
    ["a list", []],
    ["false", false],
  ])("%s is refused, and accepted where an option says so", async (_name, cnf) => {
    const headers = bearer(await token({ cnf }));
    for (const options of [{}, { allowBoundTokens: false }]) {
      const interceptor = create(options);
      for (let i = 0; i < 2; i++) expect(await tryIt(interceptor, headers)).toMatchObject(refused());
      expect(await refusalOf(interceptor, headers)).toMatchObject({
        name: "InvalidCredentialError",
        message: expect.stringContaining("allowBoundTokens"),
        final: true,
      });
    }
    expect(await tryIt(create({ allowBoundTokens: true }), headers)).toEqual(ok());
  });

  test("a plain token is accepted either way", async () => {
    for (const options of [{}, { allowBoundTokens: true }]) {
      expect(await tryIt(create(options), bearer(await token({ act: { sub: "bot", cnf: 1 } })))).toEqual(ok());
    }
  });
});

test("the option holds for its issuer alone", async () => {
  const interceptor = createJwtAuthInterceptor({ issuers: [{ ...one, allowBoundTokens: true }, other] });
  expect(await tryIt(interceptor, bearer(await token({ cnf: { jkt } })))).toEqual(ok());
  expect(await tryIt(interceptor, bearer(await token({ cnf: { jkt } }, other.issuer)))).toMatchObject(refused());
});

test("an instance that refuses them does not believe a store in which one that accepts them has put one", async () => {
  const store = new Keyv<string>();
  const create = (options: object) => createJwtAuthInterceptor({ ...one, ...options, cache: { store } });
  const headers = bearer(await token({ cnf: { jkt } }));
  expect(await tryIt(create({ allowBoundTokens: true }), headers)).toEqual(ok());
  await expect.poll(() => store.store.size).toBe(1);
  expect(await tryIt(create({}), headers)).toMatchObject(refused());
});

test.each([undefined, null, "true", 1])("allowBoundTokens: %j is refused at creation", (allowBoundTokens) => {
  const make = () => createJwtAuthInterceptor({ ...one, allowBoundTokens: allowBoundTokens as never });
  expect(make).toThrow(
    new TypeError(`allowBoundTokens: expected true or false, got ${JSON.stringify(allowBoundTokens)}`),
  );
});
