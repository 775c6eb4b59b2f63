import { createAuthInterceptor } from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { createCaller, identityOf } from "./outcome.js";

// What fuzzing has found, kept from coming back.

describe("bearer: only spaces stand between the scheme and the token (RFC 6750 section 2.1)", () => {
  const call = createCaller(createAuthInterceptor({ verifyCredentials: (token) => ({ subject: token }) }));
  test.each([
    ["a tab", "Bearer \ttoken"],
    ["a no-break space", "Bearer \u00a0token"],
    ["a tab after the token", "Bearer token\t\u00a0"],
  ])("not %s", async (_, authorization) => {
    expect(identityOf(await call(new Headers({ authorization })))).toBeUndefined();
    expect(identityOf(await call(new Headers({ authorization: "Bearer  token" })))?.subject).toBe("token");
  });
});
