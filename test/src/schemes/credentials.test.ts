import type { Interceptor } from "@connectrpc/connect";
import {
  type CredentialsOptions,
  createAuthInterceptor,
  InvalidCredentialError,
  peerKey,
  recordPeer,
} from "@connectum/auth";
import { describe, expect, test } from "vitest";
import { missing, ok, refused } from "../support/call.js";
import { witness } from "../support/witness.js";

const verifyCredentials = (subject: string) => ({ subject });

/** A call over a connection from 10.0.0.1. */
function callWith(options: Partial<CredentialsOptions>, headers: HeadersInit = {}) {
  const connection: Interceptor = (next) => (req) =>
    next({ ...req, contextValues: recordPeer({ socket: { remoteAddress: "10.0.0.1" } }) });
  return witness([connection, createAuthInterceptor({ verifyCredentials, ...options })], headers);
}

describe("where a credential is found", () => {
  const finds = (credential: unknown) => ({ extractCredentials: () => credential as string });
  test.each<{ name: string; options: Partial<CredentialsOptions>; headers?: HeadersInit; want: object }>([
    { name: "a Bearer token", options: {}, headers: { authorization: "Bearer ada" }, want: ok() },
    { name: "no Bearer token", options: {}, want: missing },
    {
      name: "a header",
      options: { extractCredentials: (header) => header.get("x-api-key") },
      headers: { "x-api-key": "ada" },
      want: ok(),
    },
    {
      name: "a header, and not the Bearer token",
      options: { extractCredentials: (header) => header.get("x-api-key") },
      headers: { authorization: "Bearer ada" },
      want: missing,
    },
    {
      name: "what the transport knows",
      options: { extractCredentials: (_, values) => values.get(peerKey)?.address },
      want: ok("10.0.0.1"),
    },
    { name: "null", options: finds(null), want: missing },
    { name: "undefined", options: finds(undefined), want: missing },
    { name: "an empty text", options: finds(""), want: refused() },
    { name: "a number", options: finds(7), want: refused() },
    { name: "false", options: finds(false), want: refused() },
  ])("$name", async ({ options, headers, want }) => {
    expect((await callWith(options, headers)).got).toMatchObject(want);
  });
  test("the cause says what was wrong with it", async () => {
    for (const credential of ["", 7]) {
      const { got, cause } = await callWith(finds(credential));
      expect(got).toEqual({ ...refused(), challenge: null });
      expect(cause).toEqual(new InvalidCredentialError("empty credential", { reason: "malformed" }));
    }
  });
});

describe("what its verification says", () => {
  test.each<[string, () => unknown]>([
    ["null", () => null],
    ["undefined", () => undefined],
    ["a promise of null", async () => null],
    ["a promise of undefined", async () => undefined],
  ])("%s refuses it", async (_, verify) => {
    const { got, cause } = await callWith({ verifyCredentials: verify as never }, { authorization: "Bearer ada" });
    expect(got).toEqual({ ...refused(), challenge: 'Bearer error="invalid_token"' });
    expect(cause).toEqual(new InvalidCredentialError("refused", { reason: "unknown" }));
  });
  test.each([
    { options: {}, type: "credentials" },
    { options: { name: undefined }, type: "credentials" },
    { options: { name: "api-key", challenge: undefined }, type: "api-key" },
  ])("the kind of credential with $options: $type", async ({ options, type }) => {
    const headers = { authorization: "Bearer ada" };
    expect((await callWith(options as object, headers)).caller).toEqual({
      subject: "ada",
      roles: [],
      scopes: [],
      permissions: [],
      claims: {},
      type,
    });
  });
});

describe("a Bearer token (RFC 6750 section 2.1)", () => {
  const longest = "t".repeat(16 * 1024 - "Bearer ".length);
  test.each([
    { name: "the longest", authorization: `Bearer ${longest}`, want: ok(longest) },
    { name: "one that is too long", authorization: `Bearer ${longest}t`, want: refused() },
    { name: "another credential that is too long", authorization: `Basic ${longest}tt`, want: refused() },
    { name: "every character of a b64token", authorization: "Bearer aZ0-._~+/==", want: ok("aZ0-._~+/==") },
    { name: "padding inside", authorization: "Bearer a=b", want: refused() },
    { name: "nothing after the scheme", authorization: "bearer", want: refused() },
    { name: "a scheme that only begins so", authorization: "BearerToken x", want: missing },
    { name: "a scheme that only ends so", authorization: "XBearer ada", want: missing },
    { name: "another scheme whose credential is the word", authorization: "Basic bearer", want: missing },
    { name: "another scheme, and a second credential", authorization: "Basic x,Bearer ada", want: refused() },
    { name: "another scheme, and a second one behind spaces", authorization: "Basic x,  bearer ada", want: refused() },
    { name: "another scheme with a parameter that begins so", authorization: "Digest a=b, bearers=1", want: missing },
    { name: "nothing at all", authorization: "", want: missing },
  ])("$name", async ({ authorization, want }) => {
    expect((await callWith({}, { authorization })).got).toMatchObject(want);
  });
});

test.each([
  [{ extractCredentials: null }, "extractCredentials: expected a function, got null"],
  [{ verifyCredentials: null }, "verifyCredentials: expected a function, got null"],
  [{ verifyCredentials: "jwt" }, "verifyCredentials: expected a function, got a string"],
  [{ name: null }, "name: expected a non-empty string, got null"],
  [{ challenge: 1 }, "challenge: expected a non-empty string, got 1"],
])("%j is refused at creation", (options, message) => {
  expect(() => createAuthInterceptor({ verifyCredentials, ...options } as never)).toThrow(new TypeError(message));
});
test("so are options without a verification", () => {
  expect(() => createAuthInterceptor({} as never)).toThrow(
    new TypeError("verifyCredentials: expected a function, got undefined"),
  );
});
