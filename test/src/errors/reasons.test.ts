import { readFileSync } from "node:fs";
import type { Interceptor } from "@connectrpc/connect";
import {
  createAuthInterceptor,
  createGatewayAuthInterceptor,
  createJwtAuthInterceptor,
  createRevocations,
  createSessionAuthInterceptor,
  InvalidCredentialError,
  type InvalidCredentialReason,
} from "@connectum/auth";
import { dpop } from "@connectum/auth/jwt";
import { createTestJwt, startTestKeySet, TEST_JWT_SECRET, type TestKeySet } from "@connectum/auth/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBoundClient, issuer, provenHeaders } from "../proofs/bound-tokens.js";
import { ok, refused, tryIt } from "../support/call.js";
import { bearer, refusalOf } from "../support/verification.js";

const now = Math.floor(Date.now() / 1000);
const claims = { sub: "ada", iss: "https://login.example.com", aud: "lab" };
let keySet: TestKeySet;
beforeAll(async () => {
  keySet = await startTestKeySet();
});
afterAll(() => keySet.close());

const byJwt = (options: object = {}) =>
  createJwtAuthInterceptor({ secret: TEST_JWT_SECRET, issuer: claims.iss, audience: "lab", ...options });
const token = async (more: object = {}, header = {}) => bearer(await createTestJwt({ ...claims, ...more }, { header }));
const bySession = () =>
  createSessionAuthInterceptor({
    cookie: "sid",
    verifySession: (sid) => (sid === "s1" ? { user: "ada" } : null),
    mapSession: ({ user }) => ({ subject: user }),
  });
const byGateway = () =>
  createGatewayAuthInterceptor({
    headerMapping: { subject: "x-user" },
    trustSource: { header: "x-proof", secrets: "the-secret-of-the-gateway" },
  });

type Case = () => Promise<{ interceptor: Interceptor; wrong: HeadersInit; right: HeadersInit }>;

/** A credential for each reason, and the right one beside it. The compiler keeps the list complete. */
const cases: Readonly<Record<InvalidCredentialReason, Case>> = {
  malformed: async () => ({ interceptor: byJwt(), wrong: bearer("a b"), right: await token() }),
  ambiguous: async () => ({
    interceptor: bySession(),
    wrong: { cookie: "sid=s1; sid=s2" },
    right: { cookie: "sid=s1" },
  }),
  "too-large": async () => ({
    interceptor: byJwt({ limits: { roles: 1 } }),
    wrong: await token({ roles: ["a", "b"] }),
    right: await token({ roles: ["a"] }),
  }),
  algorithm: async () => ({
    interceptor: byJwt({ algorithms: ["HS256"] }),
    wrong: await token({}, { alg: "HS512" }),
    right: await token(),
  }),
  key: async () => ({
    interceptor: createJwtAuthInterceptor({ jwksUri: keySet.jwksUri, audience: "lab", jwks: { cooldown: 1 } }),
    wrong: bearer(await keySet.sign(claims, { header: { kid: "of-nobody" } })),
    right: bearer(await keySet.sign(claims)),
  }),
  signature: async () => ({
    interceptor: byJwt(),
    wrong: bearer(
      await createTestJwt(claims, { key: new TextEncoder().encode("another secret of the same length, 32 bytes") }),
    ),
    right: await token(),
  }),
  issuer: async () => ({
    interceptor: byJwt(),
    wrong: await token({ iss: "https://other.example.com" }),
    right: await token(),
  }),
  audience: async () => ({ interceptor: byJwt(), wrong: await token({ aud: "other" }), right: await token() }),
  expired: async () => ({ interceptor: byJwt(), wrong: await token({ exp: now - 60 }), right: await token() }),
  "not-active": async () => ({ interceptor: byJwt(), wrong: await token({ nbf: now + 600 }), right: await token() }),
  claim: async () => ({
    interceptor: byJwt({ requiredClaims: ["tenant"] }),
    wrong: await token(),
    right: await token({ tenant: "t1" }),
  }),
  proof: async () => {
    const baseUrl = "https://api.example.com";
    const client = await createBoundClient();
    const bound = await client.token();
    const right = await provenHeaders(client, { baseUrl, token: bound });
    const wrong = { authorization: `DPoP ${bound}` };
    return { interceptor: createJwtAuthInterceptor({ ...issuer, proofs: [dpop({ baseUrl })] }), wrong, right };
  },
  bound: async () => ({ interceptor: byJwt(), wrong: await token({ cnf: { jkt: "x" } }), right: await token() }),
  revoked: async () => {
    const revocations = createRevocations();
    await revocations.revoke({ tokenId: "t1" });
    return {
      interceptor: byJwt({ revocations }),
      wrong: await token({ jti: "t1" }),
      right: await token({ jti: "t2" }),
    };
  },
  unknown: async () => ({ interceptor: bySession(), wrong: { cookie: "sid=s9" }, right: { cookie: "sid=s1" } }),
  untrusted: async () => ({
    interceptor: byGateway(),
    wrong: { "x-user": "ada", "x-proof": "a guess of this length" },
    right: { "x-user": "ada", "x-proof": "the-secret-of-the-gateway" },
  }),
  rejected: async () => ({
    interceptor: createAuthInterceptor({
      verifyCredentials(key) {
        if (key !== "right") throw new InvalidCredentialError("not this one");
        return { subject: "ada" };
      },
    }),
    wrong: bearer("wrong"),
    right: bearer("right"),
  }),
};

test.each(Object.entries(cases))("%s", async (reason, prepare) => {
  const { interceptor, wrong, right } = await prepare();
  const cause = await refusalOf(interceptor, wrong);
  expect(cause).toBeInstanceOf(InvalidCredentialError);
  expect(cause).toMatchObject({ reason });
  expect(await tryIt(interceptor, wrong)).toMatchObject(refused());
  expect(await tryIt(interceptor, right)).toEqual(ok());
});

test("the documents list every reason", () => {
  const text = readFileSync(new URL("../../../docs/authentication.md", import.meta.url), "utf8");
  const [, section = ""] = text.split("### Reasons of invalid credentials");
  const [table = ""] = section.split(/^##/m);
  const listed = [...table.matchAll(/^\| (`[^|]*`) *\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, reason]) => reason),
  );
  expect(listed.sort()).toEqual(Object.keys(cases).sort());
});

test.each<{ name: string; options?: object; wrong: () => Promise<HeadersInit>; reason: InvalidCredentialReason }>([
  { name: "issued later", options: { maxTokenAge: 60 }, wrong: () => token({ iat: now + 600 }), reason: "not-active" },
  { name: "nbf is no number", wrong: () => token({ nbf: "soon" }), reason: "claim" },
  { name: "nbf is missing", options: { requiredClaims: ["nbf"] }, wrong: () => token(), reason: "claim" },
  { name: "another claim is missing", options: { requiredClaims: ["tenant"] }, wrong: () => token(), reason: "claim" },
  { name: "no issuer", wrong: () => token({ iss: undefined }), reason: "issuer" },
  {
    name: "too many scopes",
    options: { limits: { scopes: 1 } },
    wrong: () => token({ scope: "a b" }),
    reason: "too-large",
  },
  { name: "too long", options: { limits: { credentialLength: 8 } }, wrong: () => token(), reason: "too-large" },
  { name: "a list in place of a text", wrong: () => token({ sub: ["ada"] }), reason: "claim" },
])("$name: $reason", async ({ options, wrong, reason }) => {
  expect(await refusalOf(byJwt(options), await wrong())).toMatchObject({ name: "InvalidCredentialError", reason });
});

test.each<{ name: string; error: unknown; code: string }>([
  { name: "a ConnectError of another copy", error: { name: "ConnectError", code: 7 }, code: "PermissionDenied" },
  { name: "a code that is no number", error: { name: "ConnectError", code: "7" }, code: "Unauthenticated" },
  { name: "a code that connect does not know", error: { name: "ConnectError", code: 99 }, code: "Unauthenticated" },
  { name: "a number under another name", error: { name: "StatusError", code: 7 }, code: "Unauthenticated" },
  {
    name: "a refused credential of another copy",
    error: { name: "InvalidCredentialError", code: "ETIMEDOUT" },
    code: "Unauthenticated",
  },
  { name: "the deadline of another call", error: { name: "ConnectError", code: 4 }, code: "Unavailable" },
  { name: "another call that was canceled", error: { name: "ConnectError", code: 1 }, code: "Unavailable" },
])("an error that is thrown: $name", async ({ error, code }) => {
  const verifyCredentials = () => Promise.reject(Object.assign(new Error("x"), error));
  expect(await tryIt(createAuthInterceptor({ verifyCredentials }), bearer("ada"))).toMatchObject({ code });
});

test("an error whose getter throws is a refusal", async () => {
  const error = Object.defineProperty(new Error("x"), "code", {
    get() {
      throw new Error("no");
    },
  });
  const interceptor = createAuthInterceptor({ verifyCredentials: () => Promise.reject(error) });
  expect(await tryIt(interceptor, bearer("ada"))).toMatchObject(refused());
});
