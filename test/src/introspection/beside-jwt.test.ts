import { type AuthScheme, createAuth, credentials, jwt, session, signedTokenTrust } from "@connectum/auth";
import { introspection } from "@connectum/auth/introspection";
import { startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { audience, startTokenProvider, type TokenProvider } from "../servers/token-provider.js";
import { startInstance } from "../store/instance.js";
import { describedBy } from "./described-by.js";

let provider: TokenProvider;
let keySet: TestKeySet;
let warn: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  [provider, keySet] = await Promise.all([startTokenProvider(), startTestKeySet("ES256")]);
});
afterAll(() => Promise.all([provider.stop(), keySet.close()]));
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  provider.behave("well");
  warn.mockRestore();
});
const opaque = (name = "introspection") => introspection(describedBy(provider, { name, tokens: "opaque" }));
const all = () => introspection(describedBy(provider));
const tokens = () => jwt({ jwksUri: keySet.jwksUri, issuer: "https://login.example.com", audience: "lab" });
const claims = { sub: "grace", iss: "https://login.example.com", aud: "lab" };

describe("opaque tokens beside JSON Web Tokens", () => {
  test("each kind is verified by its own scheme", async () => {
    const instance = startInstance({ authenticate: [opaque(), tokens()] });
    const before = provider.introspections;
    expect(await instance.call(await keySet.sign(claims))).toBe("grace");
    expect(await instance.call(await keySet.sign({ ...claims, aud: "other" }))).toBe("Unauthenticated");
    expect(provider.introspections).toBe(before);
    expect(await instance.call(await provider.issueUserToken("ada"))).toBe("ada");
    expect(await instance.call("unknown")).toBe("Unauthenticated");
  });

  test("a JSON Web Token that its keys refuse is never introspected, however it is spelled", async () => {
    const instance = startInstance({ authenticate: [opaque(), tokens()] });
    // An endpoint that would call everything active.
    provider.behave("well", () => ({
      ...{ active: true, sub: "eve", token_type: "Bearer", aud: audience, iss: provider.issuer },
    }));
    const good = await keySet.sign(claims);
    const [header = "", payload = "", signature = ""] = good.split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const before = provider.introspections;
    for (const forged of [
      `${header}.${payload}.`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${"A".repeat(signature.length)}`,
      `${none}.${payload}.`,
      `${Buffer.from(`\ufeff${Buffer.from(header, "base64url")}`).toString("base64url")}.${payload}.${signature}`,
      `${header}=.${payload}.${signature}`,
      `.${payload}.${signature}`,
      "..",
      "....",
      "a.b.c.d.e",
    ]) {
      expect([forged, await instance.call(forged)]).toEqual([forged, "Unauthenticated"]);
    }
    expect(provider.introspections).toBe(before);
    expect(await instance.call("a.b")).toBe("eve");
    expect(await instance.call(good)).toBe("grace");
  });

  test("an outage of one does not touch the other", async () => {
    const instance = startInstance({ authenticate: [opaque(), tokens()] });
    provider.behave(503);
    expect(await instance.call("unknown")).toBe("Unavailable");
    expect(await instance.call(await keySet.sign(claims))).toBe("grace");
  });
});

describe("a list in which a scheme would never see a token is refused", () => {
  test.each<{ name: string; schemes: () => AuthScheme[]; ok: boolean }>([
    { name: "opaque, jwt", schemes: () => [opaque(), tokens()], ok: true },
    { name: "jwt, opaque", schemes: () => [tokens(), opaque()], ok: false },
    { name: "all, jwt", schemes: () => [all(), tokens()], ok: false },
    { name: "jwt, all", schemes: () => [tokens(), all()], ok: false },
    { name: "all, opaque", schemes: () => [all(), opaque()], ok: false },
    { name: "opaque, opaque", schemes: () => [opaque(), opaque("second")], ok: false },
    { name: "opaque, all", schemes: () => [opaque(), all()], ok: true },
    { name: "opaque, jwt, opaque", schemes: () => [opaque(), tokens(), opaque("second")], ok: false },
    { name: "opaque, jwt, jwt", schemes: () => [opaque(), tokens(), tokens()], ok: false },
    {
      name: "opaque, api keys in a header, jwt",
      schemes: () => {
        const keys = credentials({
          extractCredentials: (header) => header.get("x-key"),
          verifyCredentials: () => null,
        });
        return [opaque(), keys, tokens()];
      },
      ok: true,
    },
    {
      name: "session by Bearer, opaque",
      schemes: () => [
        session({ cookie: "s", verifySession: () => null, mapSession: () => ({ subject: "a" }) }),
        opaque(),
      ],
      ok: false,
    },
  ])("$name", ({ schemes, ok }) => {
    const create = () => createAuth({ policies: [EchoServicePolicy], authenticate: schemes() });
    if (ok) expect(create).not.toThrow();
    else expect(create).toThrow(/takes every (?:opaque|Bearer) token, so that \w+ after it never sees one/);
  });
});

describe("tokens of users and of services, introspected", () => {
  const services = (options: Parameters<typeof describedBy>[1] = {}) =>
    introspection(describedBy(provider, { name: "services", ...options }));
  test.each<{ name: string; users: () => AuthScheme; internal: () => AuthScheme; ok: boolean }>([
    { name: "the same", users: all, internal: services, ok: false },
    { name: "another audience", users: all, internal: () => services({ audience: "urn:internal" }), ok: true },
    { name: "one of the audiences", users: all, internal: () => services({ audience: [audience, "x"] }), ok: false },
    {
      name: "the JSON Web Tokens of the same issuer and audience",
      users: () => jwt({ jwksUri: keySet.jwksUri, issuer: provider.issuer, audience }),
      internal: services,
      ok: false,
    },
    {
      name: "the JSON Web Tokens of any issuer",
      users: () => jwt({ jwksUri: keySet.jwksUri, audience }),
      internal: services,
      ok: false,
    },
    {
      name: "JSON Web Tokens of the same issuer, and opaque tokens",
      users: () => jwt({ jwksUri: keySet.jwksUri, issuer: provider.issuer, audience }),
      internal: () => services({ tokens: "opaque" }),
      ok: true,
    },
    {
      name: "JSON Web Tokens for another audience",
      users: () => jwt({ jwksUri: keySet.jwksUri, issuer: provider.issuer, audience: "users" }),
      internal: services,
      ok: true,
    },
    {
      name: "JSON Web Tokens, and descriptions of any issuer",
      users: () => jwt({ jwksUri: keySet.jwksUri, issuer: "https://login.example.com", audience }),
      internal: () => {
        const { issuer: _, ...rest } = describedBy(provider, { name: "services" });
        return introspection({ ...rest, endpoint: `${provider.issuer}/token/introspection` });
      },
      ok: false,
    },
    { name: "opaque ones, both", users: opaque, internal: () => services({ tokens: "opaque" }), ok: false },
    {
      name: "users by introspection, services by JSON Web Tokens in a header",
      users: all,
      internal: () =>
        signedTokenTrust({
          header: "x-service-token",
          issuers: [{ jwksUri: keySet.jwksUri, issuer: "https://services.example.com", audience }],
        }),
      ok: true,
    },
  ])("$name: $ok", ({ users, internal, ok }) => {
    const create = () => createAuth({ policies: [EchoServicePolicy], authenticate: users(), internal: internal() });
    if (ok) expect(create).not.toThrow();
    else expect(create).toThrow(/internal: services accepts credentials that \w+ in authenticate accepts/);
  });
});
