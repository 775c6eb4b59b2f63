import { createJwtAuthInterceptor, getAuthContext } from "@connectum/auth";
import {
  createMockAuthContext,
  createTestJwt,
  createTestKeyPair,
  startTestKeySet,
  TEST_JWT_SECRET,
  withAuthContext,
} from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { ok, refused, tryIt } from "./call.js";

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
  expect(context).toEqual({ subject: "test-user", roles: [], scopes: [], claims: {}, type: "test" });
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
