import { createJwtAuthInterceptor, type JwtIssuerOptions } from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { refused, tryIt } from "../support/call.js";
import { bearer, identityOf, refusalOf } from "../support/verification.js";

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  warn.mockRestore();
  vi.useRealTimers();
});

const right = { secret: TEST_JWT_SECRET, audience: "lab" };
const create = (options: Readonly<Record<string, unknown>>) => () =>
  createJwtAuthInterceptor({ ...right, ...options } as JwtIssuerOptions);

describe("an option that is set, and is no check, is refused at creation; its twin is taken", () => {
  const lists = ["issuer", "audience", "algorithms", "requiredClaims"] as const;
  const twins = {
    issuer: ["i", "j"],
    audience: ["lab", "b"],
    algorithms: ["HS256", "HS512"],
    requiredClaims: ["a", "b"],
  };
  test.each(lists)("%s", (name) => {
    for (const value of [undefined, null, "", 7, {}, [], [""], ["HS256", ""], ["HS256", 7], ["HS256", null]]) {
      expect(create({ [name]: value })).toThrow(TypeError);
      const one = name === "issuer" || name === "audience" ? "a non-empty string, or a list of them" : undefined;
      const got = Array.isArray(value) ? "a list" : value === "" ? '""' : Object(value) === value ? "an object" : value;
      const want = one ?? "a list of non-empty strings";
      expect(create({ [name]: value })).toThrow(`${name}: expected ${want}, got ${got}`);
    }
    expect(create({ [name]: twins[name] })).not.toThrow();
  });
  test.each(["issuer", "audience"])("%s: one name", (name) => expect(create({ [name]: "lab" })).not.toThrow());
  test.each(["algorithms", "requiredClaims"])("%s: a name that is no list", (name) => {
    expect(create({ [name]: "HS256" })).toThrow(`${name}: expected a list of non-empty strings, got a string`);
  });

  test.each(["jwksUri", "publicKey", "secret", "typ"])("%s", (name) => {
    for (const value of [undefined, null, ""]) {
      expect(create({ [name]: value })).toThrow(TypeError);
      const want = name === "typ" ? "a non-empty string" : "a value";
      const got = value === "" ? '""' : value;
      expect(create({ [name]: value })).toThrow(`${name}: expected ${want}, got ${got}`);
    }
  });
  test("typ: its twin", () => expect(create({ typ: "at+jwt" })).not.toThrow());

  test.each(["allowMissingExpiration", "allowInsecureHttp"])("%s", (name) => {
    for (const value of [undefined, null, "", "true", 0, 1]) {
      expect(create({ [name]: value })).toThrow(TypeError);
      expect(create({ [name]: value })).toThrow(`${name}: expected true or false, got ${JSON.stringify(value)}`);
    }
    for (const value of [true, false]) expect(create({ [name]: value })).not.toThrow();
  });

  const noNumbers = [undefined, null, "", "60", Number.NaN, Number.POSITIVE_INFINITY, -1];
  test.each([
    { name: "maxTokenAge", want: "seconds above 0", wrong: [...noNumbers, 0], twins: [0.5, 60] },
    { name: "clockTolerance", want: "seconds, at least 0", wrong: noNumbers, twins: [0, 0.5, 60] },
  ])("$name", ({ name, want, wrong, twins }) => {
    for (const value of wrong) {
      expect(create({ [name]: value })).toThrow(TypeError);
      expect(create({ [name]: value })).toThrow(
        `${name}: expected ${want}, got ${typeof value === "string" ? JSON.stringify(value) : value}`,
      );
    }
    for (const value of twins) expect(create({ [name]: value })).not.toThrow();
  });
});

test("a missing audience is said once, a configured one not at all", () => {
  create({})();
  create({ audience: ["lab"] })();
  expect(warn).not.toHaveBeenCalled();
  createJwtAuthInterceptor({ secret: TEST_JWT_SECRET });
  expect(warn.mock.calls).toEqual([[expect.stringContaining("without an audience")]]);
});

describe("what each option demands of a token", () => {
  const now = Math.floor(Date.now() / 1000);
  const claimFailed = "ERR_JWT_CLAIM_VALIDATION_FAILED";
  test.each<{
    name: string;
    options?: JwtIssuerOptions;
    good: object;
    bad: object;
    header?: { good?: object; bad?: object };
    why?: string;
  }>([
    { name: "audience", good: { aud: ["x", "lab"] }, bad: { aud: "x" } },
    { name: "audience, one of two", options: { audience: ["b", "lab"] }, good: { aud: "lab" }, bad: { aud: ["c"] } },
    { name: "issuer", options: { issuer: "i" }, good: { iss: "i" }, bad: { iss: "j" } },
    { name: "issuer, one of two", options: { issuer: ["h", "i"] }, good: { iss: "i" }, bad: { iss: "j" } },
    { name: "no issuer, by default any", good: { iss: "anybody" }, bad: { iss: "anybody", aud: "x" } },
    { name: "exp", good: { exp: now + 60 }, bad: { exp: undefined } },
    {
      name: "exp, where others are required",
      options: { requiredClaims: ["tenant"] },
      good: { tenant: "t" },
      bad: { tenant: "t", exp: undefined },
    },
    { name: "requiredClaims", options: { requiredClaims: ["tenant"] }, good: { tenant: "t" }, bad: {} },
    {
      name: "requiredClaims, all of them",
      options: { requiredClaims: ["tenant", "region"] },
      good: { tenant: "t", region: "r" },
      bad: { tenant: "t" },
    },
    {
      name: "requiredClaims, where exp is not",
      options: { requiredClaims: ["tenant"], allowMissingExpiration: true },
      good: { tenant: "t", exp: undefined },
      bad: { exp: undefined },
    },
    {
      name: "allowMissingExpiration: false",
      options: { allowMissingExpiration: false },
      good: {},
      bad: { exp: undefined },
    },
    {
      name: "allowMissingExpiration: an exp that is there still counts",
      options: { allowMissingExpiration: true },
      good: { exp: undefined },
      bad: { exp: now - 1 },
      why: "ERR_JWT_EXPIRED",
    },
    { name: "clockTolerance, none by default", good: {}, bad: { exp: now - 5 }, why: "ERR_JWT_EXPIRED" },
    {
      name: "clockTolerance of exp",
      options: { clockTolerance: 30 },
      good: { exp: now - 15 },
      bad: { exp: now - 45 },
      why: "ERR_JWT_EXPIRED",
    },
    {
      name: "clockTolerance of nbf",
      options: { clockTolerance: 30 },
      good: { nbf: now + 15 },
      bad: { nbf: now + 45 },
    },
    {
      name: "maxTokenAge",
      options: { maxTokenAge: 60 },
      good: { iat: now - 30 },
      bad: { iat: now - 90 },
      why: "ERR_JWT_EXPIRED",
    },
    { name: "maxTokenAge demands iat", options: { maxTokenAge: 60 }, good: { iat: now }, bad: { iat: undefined } },
    { name: "no maxTokenAge, by default", good: { iat: 1 }, bad: { iat: 1, aud: "x" } },
    {
      name: "algorithms",
      options: { algorithms: ["HS384", "HS512"] },
      good: {},
      bad: {},
      header: { good: { alg: "HS512" }, bad: { alg: "HS256" } },
      why: "ERR_JOSE_ALG_NOT_ALLOWED",
    },
    {
      name: "typ",
      options: { typ: "at+jwt" },
      good: {},
      bad: {},
      header: { good: { typ: "at+jwt" }, bad: { typ: "JWT" } },
    },
    {
      name: "typ, with its media type",
      options: { typ: "at+jwt" },
      good: {},
      bad: {},
      header: { good: { typ: "application/at+jwt" }, bad: {} },
    },
  ])("$name", async ({ options, good, bad, header, why = claimFailed }) => {
    const interceptor = createJwtAuthInterceptor({ ...right, ...options });
    const sign = (claims: object, members: object = {}) =>
      createTestJwt({ sub: "ada", aud: "lab", ...claims }, { header: members });
    expect((await identityOf(interceptor, await sign(good, header?.good)))?.subject).toBe("ada");
    const wrong = bearer(await sign(bad, header?.bad));
    expect(await refusalOf(interceptor, wrong)).toMatchObject({ name: "InvalidCredentialError", message: why });
    expect(await tryIt(interceptor, wrong)).toMatchObject(refused());
  });
});

describe("when an identity ends", () => {
  const now = 1_900_000_000;
  test.each<{ name: string; options?: JwtIssuerOptions; claims: object; want: number | undefined }>([
    { name: "with exp", claims: { exp: now + 60 }, want: now + 60 },
    { name: "with exp, to a fraction of a second", claims: { exp: now + 60.5 }, want: now + 60.5 },
    { name: "with exp and the tolerance", options: { clockTolerance: 5 }, claims: { exp: now + 60 }, want: now + 65 },
    { name: "with maxTokenAge before exp", options: { maxTokenAge: 10 }, claims: { exp: now + 60 }, want: now + 10 },
    { name: "with exp before maxTokenAge", options: { maxTokenAge: 90 }, claims: { exp: now + 60 }, want: now + 60 },
    {
      name: "with maxTokenAge and the tolerance, without exp",
      options: { maxTokenAge: 10, clockTolerance: 5, allowMissingExpiration: true },
      claims: { exp: undefined },
      want: now + 15,
    },
    {
      name: "never, without exp",
      options: { allowMissingExpiration: true },
      claims: { exp: undefined },
      want: undefined,
    },
    {
      name: "never, without exp and iat",
      options: { allowMissingExpiration: true },
      claims: { exp: undefined, iat: undefined },
      want: undefined,
    },
    { name: "at the end of the year 9999, at most", claims: { exp: 253_402_300_799 }, want: 253_402_300_799 },
  ])("$name", async ({ options, claims, want }) => {
    vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 });
    const token = await createTestJwt({ sub: "ada", aud: "lab", iat: now, ...claims });
    const identity = await identityOf(createJwtAuthInterceptor({ ...right, ...options }), token);
    expect(identity?.subject).toBe("ada");
    expect(identity?.expiresAt?.getTime()).toBe(want === undefined ? undefined : want * 1000);
  });

  test("beyond the year 9999 it is a mistake, such as milliseconds for seconds", async () => {
    const token = await createTestJwt({ sub: "ada", aud: "lab", exp: 253_402_300_800 });
    expect(await refusalOf(createJwtAuthInterceptor(right), bearer(token))).toMatchObject({
      name: "InvalidCredentialError",
      message: "exp is beyond the year 9999",
    });
  });
});
