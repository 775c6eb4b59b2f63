import { createAuthInterceptor, createJwtAuthInterceptor } from "@connectum/auth";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createCaller, identityOf } from "./outcome.js";

// What fuzzing has found, kept from coming back.

describe("bearer: only spaces stand between the scheme and the token (RFC 6750 section 2.1)", () => {
  const call = createCaller(createAuthInterceptor({ verifyCredentials: (token) => ({ subject: token }) }));
  test.each([
    ["a tab", "Bearer \ttoken"],
    ["a no-break space", "Bearer \u00a0token"],
    ["a tab after the token", "Bearer token\t\u00a0"],
    ["a no-break space after the token", "Bearer -\u00a0"],
  ])("not %s", async (_, authorization) => {
    expect(identityOf(await call(new Headers({ authorization })))).toBeUndefined();
    expect(identityOf(await call(new Headers({ authorization: "Bearer  token" })))?.subject).toBe("token");
  });
});

test("claims: an expiry with a fraction of a second (RFC 7519 section 2) is kept to the millisecond", async () => {
  const secret = new TextEncoder().encode("a secret of at least thirty-two bytes");
  const call = createCaller(createJwtAuthInterceptor({ secret, audience: "a" }));
  const exp = Math.floor(Date.now() / 1_000) + 3_600.7831592;
  const token = await new SignJWT({ sub: "ada", aud: "a", exp }).setProtectedHeader({ alg: "HS256" }).sign(secret);
  const identity = identityOf(await call(new Headers({ authorization: `Bearer ${token}` })));
  expect(identity?.expiresAt?.getTime()).toBe(Math.trunc(exp * 1_000));
});
