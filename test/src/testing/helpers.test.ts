import { createJwtAuthInterceptor, getAuthContext } from "@connectum/auth";
import {
  createMockAuthContext,
  createTestJwt,
  createTestKeyPair,
  startTestKeySet,
  TEST_JWT_SECRET,
  withAuthContext,
} from "@connectum/auth/testing";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ok, refused, tryIt } from "../support/call.js";

const as = (token: string) => ({ authorization: `Bearer ${token}` });

describe("withAuthContext", () => {
  const ada = createMockAuthContext({ subject: "ada" });
  test("a function, also behind an await", async () => {
    expect(withAuthContext(ada, () => getAuthContext()?.subject)).toBe("ada");
    const later = async () => {
      await Promise.resolve();
      return getAuthContext()?.subject;
    };
    expect(await withAuthContext(ada, later)).toBe("ada");
    expect(getAuthContext()).toBeUndefined();
  });
  test("a handler that is a generator sees it at every step, and when it is left", async () => {
    const seen: unknown[] = [];
    const handler = async function* () {
      try {
        for (;;) yield getAuthContext()?.subject;
      } finally {
        seen.push(getAuthContext()?.subject);
      }
    };
    for await (const subject of withAuthContext(ada, handler)) {
      seen.push(subject, getAuthContext());
      if (seen.length === 4) break;
    }
    expect(seen).toEqual(["ada", undefined, "ada", undefined, "ada"]);
  });
  test("nobody, inside of somebody", () => {
    expect(withAuthContext(ada, () => withAuthContext(undefined, () => getAuthContext()))).toBeUndefined();
  });
});

test("createMockAuthContext makes what real schemes make", () => {
  const context = createMockAuthContext();
  expect(context).toEqual({ subject: "test-user", roles: [], scopes: [], permissions: [], claims: {}, type: "test" });
  expect(Object.isFrozen(context)).toBe(true);
  expect(() => createMockAuthContext({ roles: [""] })).toThrow(TypeError);
});

test("createTestJwt is accepted by its secret alone", async () => {
  const interceptor = createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab" });
  expect(await tryIt(interceptor, as(await createTestJwt({ aud: "lab" })))).toEqual(ok("test-user"));
  expect(await tryIt(interceptor, as(await createTestJwt({ aud: "lab" }, { expiresIn: -1 })))).toMatchObject(refused());
  const key = new TextEncoder().encode(`other ${TEST_JWT_SECRET}`);
  expect(await tryIt(interceptor, as(await createTestJwt({ aud: "lab" }, { key })))).toMatchObject(refused());
});

describe("createTestJwt", () => {
  const now = 1_800_000_000;
  beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 }));
  afterEach(() => vi.useRealTimers());

  test.each<{ expiresIn: number | string; exp: number }>([
    { expiresIn: 60, exp: now + 60 },
    { expiresIn: -60, exp: now - 60 },
    { expiresIn: "1h", exp: now + 3600 },
    { expiresIn: "2 days", exp: now + 172_800 },
    { expiresIn: "-5m", exp: now - 300 },
  ])("expires in $expiresIn", async ({ expiresIn, exp }) => {
    expect(decodeJwt(await createTestJwt({}, { expiresIn }))).toEqual({ sub: "test-user", iat: now, exp });
  });

  test("issuer and audience", async () => {
    const token = await createTestJwt({ roles: ["a"] }, { expiresIn: "1h", issuer: "https://i", audience: ["x", "y"] });
    const claims = { sub: "test-user", iat: now, exp: now + 3600, iss: "https://i", aud: ["x", "y"], roles: ["a"] };
    expect(decodeJwt(token)).toEqual(claims);
    expect(decodeJwt(await createTestJwt({ exp: now + 1, iss: "j" }))).toEqual({
      sub: "test-user",
      iat: now,
      exp: now + 1,
      iss: "j",
    });
  });

  test.each<{ name: string; claims: Record<string, unknown>; options?: object; message: RegExp }>([
    {
      name: "options among the claims",
      claims: { expiresIn: "1h", issuer: "i", audience: "a" },
      message: /expiresIn is an option: write/,
    },
    { name: "issuer among the claims", claims: { issuer: "i" }, message: /issuer is an option.*the claim iss/ },
    { name: "audience among the claims", claims: { audience: "a" }, message: /audience is an option.*the claim aud/ },
    {
      name: "an unknown option",
      claims: {},
      options: { expires: 1 },
      message: /expires: unknown option of createTestJwt/,
    },
    {
      name: "two expiries",
      claims: { exp: 1 },
      options: { expiresIn: 1 },
      message: /both the option expiresIn and the claim exp/,
    },
    { name: "two issuers", claims: { iss: "i" }, options: { issuer: "i" }, message: /both the option issuer/ },
    { name: "no number", claims: {}, options: { expiresIn: Number.NaN }, message: /expiresIn: expected seconds/ },
    { name: "no duration", claims: {}, options: { expiresIn: "soon" }, message: /./ },
  ])("refuses $name", async ({ claims, options, message }) => {
    await expect(createTestJwt(claims, options)).rejects.toThrow(TypeError);
    await expect(createTestJwt(claims, options)).rejects.toThrow(message);
  });
});

test.each(["RS256", "ES256", "EdDSA"] as const)("%s by key pair and by key set", async (alg) => {
  const { privateKey, publicJwk } = await createTestKeyPair(alg);
  const token = await createTestJwt({ aud: "lab" }, { key: privateKey, header: { alg } });
  const publicKey = publicJwk as JsonWebKey;
  expect(await tryIt(createJwtAuthInterceptor({ publicKey, audience: "lab" }), as(token))).toEqual(ok("test-user"));
  const keySet = await startTestKeySet(alg);
  const interceptor = createJwtAuthInterceptor({ jwksUri: keySet.jwksUri, audience: "lab" });
  expect(await tryIt(interceptor, as(await keySet.sign({ aud: "lab" })))).toEqual(ok("test-user"));
  expect(await tryIt(interceptor, as(token))).toMatchObject(refused());
  await keySet.close();
});
