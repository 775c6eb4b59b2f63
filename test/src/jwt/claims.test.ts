import { type ClaimsMapping, createJwtAuthInterceptor } from "@connectum/auth";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { describe, expect, test } from "vitest";
import { refused, tryIt } from "../support/call.js";
import { bearer, identityOf, refusalOf } from "../support/verification.js";

const mapped = (claimsMapping?: ClaimsMapping) =>
  createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, audience: "lab", ...(claimsMapping && { claimsMapping }) });
const sign = (claims: object) => createTestJwt({ sub: "ada", aud: "lab", ...claims });
const realm = "https://example.com/roles";

describe("the identity that claims say", () => {
  test.each<{ name: string; mapping?: ClaimsMapping; claims: object; want: object }>([
    { name: "a subject alone", claims: {}, want: { subject: "ada", roles: [], scopes: [] } },
    { name: "a name", claims: { name: "Ada" }, want: { name: "Ada" } },
    { name: "a list of roles", claims: { roles: ["a", "b c"] }, want: { roles: ["a", "b c"] } },
    { name: "one role, spaces and all", claims: { roles: "a b" }, want: { roles: ["a b"] } },
    { name: "no roles", claims: { roles: [] }, want: { roles: [] } },
    { name: "scopes in a string", claims: { scope: "a b" }, want: { scopes: ["a", "b"] } },
    { name: "scopes between many spaces", claims: { scope: " a  b " }, want: { scopes: ["a", "b"] } },
    { name: "an empty string of scopes", claims: { scope: "" }, want: { scopes: [] } },
    { name: "an empty name", claims: { name: "" }, want: { subject: "ada" } },
    {
      name: "null for what is absent",
      claims: { name: null, roles: null, scope: null },
      want: { roles: [], scopes: [] },
    },
    { name: "an empty string for roles", claims: { roles: "" }, want: { roles: [] } },
    { name: "null for scope, beside scp", claims: { scope: null, scp: "a" }, want: { scopes: ["a"] } },
    { name: "null for scp", claims: { scp: null }, want: { scopes: [] } },
    { name: "null where roles are mapped", mapping: { roles: "x.y" }, claims: { x: { y: null } }, want: { roles: [] } },
    { name: "null where scopes are mapped", mapping: { scopes: "x" }, claims: { x: null }, want: { scopes: [] } },
    {
      name: "an empty string where a name is mapped",
      mapping: { name: "x" },
      claims: { x: "" },
      want: { subject: "ada" },
    },
    { name: "a list of scopes", claims: { scope: ["a", "b"] }, want: { scopes: ["a", "b"] } },
    { name: "scp in a string", claims: { scp: "a b" }, want: { scopes: ["a", "b"] } },
    { name: "scp in a list", claims: { scp: ["a", "b"] }, want: { scopes: ["a", "b"] } },
    { name: "scope before scp", claims: { scope: "a", scp: "b" }, want: { scopes: ["a"] } },
    { name: "an empty scope before scp", claims: { scope: "", scp: "b" }, want: { scopes: [] } },
    {
      name: "scopes mapped: no other claim",
      mapping: { scopes: "rights" },
      claims: { scp: "b" },
      want: { scopes: [] },
    },
    { name: "scopes mapped", mapping: { scopes: "rights" }, claims: { rights: "a b" }, want: { scopes: ["a", "b"] } },
    {
      name: "a subject mapped",
      mapping: { subject: "user.id" },
      claims: { user: { id: "u" } },
      want: { subject: "u" },
    },
    { name: "a name mapped", mapping: { name: ["n", "full"] }, claims: { n: { full: "Ada" } }, want: { name: "Ada" } },
    {
      name: "roles mapped by dots",
      mapping: { roles: "realm_access.roles" },
      claims: { realm_access: { roles: ["a"] } },
      want: { roles: ["a"] },
    },
    { name: "roles mapped by a list", mapping: { roles: [realm] }, claims: { [realm]: ["a"] }, want: { roles: ["a"] } },
    { name: "roles mapped, and absent", mapping: { roles: "x.y.z" }, claims: { roles: ["a"] }, want: { roles: [] } },
    { name: "nothing of a list", mapping: { roles: "roles.length" }, claims: { roles: ["a"] }, want: { roles: [] } },
    { name: "nothing at a list's index", mapping: { roles: "roles.0" }, claims: { roles: ["a"] }, want: { roles: [] } },
    { name: "nothing of a string", mapping: { roles: "sub.0" }, claims: {}, want: { roles: [] } },
    { name: "nothing of null", mapping: { roles: "x.y" }, claims: { x: null }, want: { roles: [] } },
    { name: "nothing of a prototype", mapping: { roles: "constructor.name" }, claims: {}, want: { roles: [] } },
    { name: "nothing of __proto__", mapping: { name: "__proto__.toString" }, claims: {}, want: { subject: "ada" } },
    { name: "all claims", claims: { tenant: "t" }, want: { claims: { sub: "ada", aud: "lab", tenant: "t" } } },
  ])("$name", async ({ mapping, claims, want }) => {
    expect(await identityOf(mapped(mapping), await sign(claims))).toMatchObject({ type: "jwt", ...want });
  });

  test("a name that is absent is not there", async () => {
    expect(Object.keys((await identityOf(mapped(), await sign({}))) ?? {})).not.toContain("name");
  });
});

describe("a claim of the wrong shape rejects the token", () => {
  const noText = "is not a non-empty string";
  const noList = "is neither a string nor a list of non-empty strings";
  test.each<{ name: string; mapping?: ClaimsMapping; claims: object; why: string }>([
    { name: "no subject", claims: { sub: undefined }, why: "subject is missing" },
    { name: "no subject where it is mapped", mapping: { subject: "uid" }, claims: {}, why: "subject is missing" },
    { name: "an empty subject", claims: { sub: "" }, why: `subject ${noText}` },
    { name: "null for sub", claims: { sub: null }, why: `subject ${noText}` },
    { name: "null for a subject", mapping: { subject: "uid" }, claims: { uid: null }, why: `subject ${noText}` },
    { name: "a list for a subject", mapping: { subject: "uid" }, claims: { uid: ["a"] }, why: `subject ${noText}` },
    { name: "a number for a name", claims: { name: 7 }, why: `name ${noText}` },
    { name: "false for a name", claims: { name: false }, why: `name ${noText}` },
    { name: "an empty role", claims: { roles: ["a", ""] }, why: `roles ${noList}` },
    { name: "a role that is a number", claims: { roles: ["a", 7] }, why: `roles ${noList}` },
    { name: "null among roles", claims: { roles: ["a", null] }, why: `roles ${noList}` },
    { name: "an object for roles", claims: { roles: { length: 0 } }, why: `roles ${noList}` },
    { name: "false for roles", claims: { roles: false }, why: `roles ${noList}` },
    { name: "a number for scope", claims: { scope: 0 }, why: `scopes ${noList}` },
    { name: "an empty object for scope", claims: { scope: {} }, why: `scopes ${noList}` },
    { name: "an empty scope in a list", claims: { scp: [""] }, why: `scopes ${noList}` },
  ])("$name", async ({ mapping, claims, why }) => {
    const headers = bearer(await sign(claims));
    expect(await refusalOf(mapped(mapping), headers)).toMatchObject({
      name: "InvalidCredentialError",
      message: `the claim mapped to ${why}`,
    });
    expect(await tryIt(mapped(mapping), headers)).toMatchObject(refused());
  });
});

describe("a mapping that says nothing is refused at creation", () => {
  const expected = 'expected "a.b" or ["a", "b"]';
  test.each<[path: unknown, message: string]>([
    [undefined, `${expected}, got undefined`],
    [null, `${expected}, got null`],
    ["", `${expected}, got ""`],
    ["a..b", `${expected}, got "a..b"`],
    ["a.", `${expected}, got "a."`],
    [[], `${expected}, got []`],
    [["a", ""], `${expected}, got ["a",""]`],
    [["a", 7], `${expected}, got ["a",7]`],
    [7, `${expected}, got 7`],
    [realm, `write a name with dots as a list: ["${realm}"]`],
  ])("%j", (path, message) => {
    for (const field of ["subject", "name", "roles", "scopes"]) {
      expect(() => mapped({ [field]: path })).toThrow(TypeError);
      expect(() => mapped({ [field]: path })).toThrow(`claimsMapping.${field}: ${message}`);
      expect(() => mapped({ [field]: "a.b" })).not.toThrow();
    }
  });
  test("a field that there is not", () => {
    expect(() => mapped(JSON.parse('{"role":"a"}'))).toThrow(
      "role: unknown option of claimsMapping. Did you mean roles?",
    );
  });
});
