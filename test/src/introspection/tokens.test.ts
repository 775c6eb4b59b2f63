import { createAuth, createRevocations } from "@connectum/auth";
import { type IntrospectionOptions, introspection } from "@connectum/auth/introspection";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { audience, clientId, clientSecret, startTokenProvider, type TokenProvider } from "../servers/token-provider.js";
import { TestStore } from "../store/instance.js";
import { callAs, kinds, outcome } from "../support/call.js";
import { protocols, startLab } from "../support/lab.js";
import { describedBy, startIntrospecting } from "./described-by.js";

let provider: TokenProvider;
let keyPair: Awaited<ReturnType<typeof generateKeyPair>>;
let warn: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  keyPair = await generateKeyPair("ES256", { extractable: true });
  provider = await startTokenProvider([
    { client_id: "by-post", client_secret: "a secret & more", token_endpoint_auth_method: "client_secret_post" },
    {
      client_id: "by-key",
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      jwks: { keys: [{ ...(await exportJWK(keyPair.publicKey)), kid: "k1", alg: "ES256", use: "sig" }] },
    },
  ]);
});
afterAll(() => provider.stop());
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  provider.behave("well");
  vi.useRealTimers();
  warn.mockRestore();
});

describe("a real provider's opaque token", () => {
  test.each(protocols)("gives the identity of its user, in every kind of call: %s", async (protocol) => {
    const auth = createAuth({
      policies: [EchoServicePolicy],
      authenticate: introspection(describedBy(provider)),
    });
    const lab = await startLab(auth);
    const good = { authorization: `Bearer ${await provider.issueUserToken("ada")}` };
    for (const kind of kinds) {
      expect(await outcome(callAs(lab.transports[protocol], kind, good))).toMatchObject({ code: "ok", text: "ada" });
      const bad = { authorization: `Bearer ${good.authorization.slice(-20)}` };
      expect(await outcome(callAs(lab.transports[protocol], kind, bad))).toEqual({
        code: "Unauthenticated",
        text: "Invalid credentials",
        challenge: 'Bearer error="invalid_token"',
      });
    }
    await lab.close();
  });

  test("is in the identity with its scopes, its claims and its expiry", async () => {
    const token = await provider.issueUserToken("ada");
    const scheme = introspection(describedBy(provider));
    const credential = scheme.read({ header: new Headers({ authorization: `Bearer ${token}` }) } as never);
    const { identity } = (await credential?.verify()) ?? {};
    expect(identity).toMatchObject({
      subject: "ada",
      scopes: ["lab:read"],
      claims: { iss: provider.issuer, aud: audience },
    });
    const { exp } = (identity?.claims ?? {}) as { readonly exp: number };
    expect(identity?.expiresAt).toEqual(new Date(exp * 1_000));
  });

  test.each<{ name: string; options: () => Partial<IntrospectionOptions> }>([
    { name: "client_secret_basic", options: () => ({}) },
    {
      name: "client_secret_post",
      options: () => ({
        clientId: "by-post",
        clientSecret: "a secret & more",
        clientAuthentication: "client_secret_post",
      }),
    },
    {
      name: "the endpoint given",
      options: () => ({ endpoint: `${provider.issuer}/token/introspection` }),
    },
  ])("by $name", async ({ options }) => {
    const instance = startIntrospecting(provider, options());
    expect(await instance.call(await provider.issueUserToken("ada"))).toBe("ada");
    expect(await instance.call("not-a-token-of-the-provider")).toBe("Unauthenticated");
    expect(warn).not.toHaveBeenCalled();
  });

  test("is sent with a hint, and the secret where the option says", async () => {
    const bodyBy = async (options: Partial<IntrospectionOptions>) => {
      expect(await startIntrospecting(provider, options).call(await provider.issueUserToken("ada"))).toBe("ada");
      return new URLSearchParams(provider.bodies.at(-1));
    };
    const byHeader = await bodyBy({});
    expect([byHeader.get("token_type_hint"), byHeader.has("client_secret")]).toEqual(["access_token", false]);
    const byBody = await bodyBy({ clientAuthentication: "client_secret_post" });
    expect([byBody.get("client_id"), byBody.get("client_secret")]).toEqual([clientId, clientSecret]);
  });

  test("without issuer and audience, of any issuer and for any audience", async () => {
    const { issuer: _, audience: __, ...rest } = describedBy(provider);
    const endpoint = `${provider.issuer}/token/introspection`;
    const { call } = startIntrospecting(
      provider,
      {},
      { authenticate: introspection({ ...rest, endpoint, cache: false }) },
    );
    const token = await provider.issueUserToken("ada");
    for (const other of [
      { iss: "https://other.example.com", aud: "urn:other" },
      { iss: undefined, aud: undefined },
    ]) {
      provider.behave("well", (claims) => ({ ...claims, ...other }));
      expect(await call(token)).toBe("ada");
    }
    provider.behave("well", (claims) => ({ ...claims, aud: [1] }));
    expect(await call(token)).toBe("Unauthenticated");
  });

  test("is asked for: a call without one misses credentials", async () => {
    const auth = createAuth({ policies: [EchoServicePolicy], authenticate: introspection(describedBy(provider)) });
    const lab = await startLab(auth);
    const before = provider.introspections;
    for (const headers of [{}, { authorization: "Basic YTpi" }]) {
      expect(await outcome(callAs(lab.transports.grpc, "unary", headers))).toEqual({
        code: "Unauthenticated",
        text: "Missing credentials",
        challenge: "Bearer",
      });
    }
    expect(provider.introspections).toBe(before);
    await lab.close();
  });

  test.each([{ keyId: "k1" }, {}])("by private_key_jwt: %j", async (key) => {
    const { clientSecret: _, ...options } = describedBy(provider, {
      clientId: "by-key",
      privateKey: keyPair.privateKey,
      ...key,
    });
    const { call } = startIntrospecting(provider, {}, { authenticate: introspection(options) });
    expect(await call(await provider.issueUserToken("ada"))).toBe("ada");
  });

  test("is in no address of a request, no log and no error", async () => {
    const lines: unknown[] = [];
    warn.mockImplementation((...line: unknown[]) => void lines.push(line));
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    expect(await instance.call(token)).toBe("ada");
    expect(provider.bodies.at(-1)).toContain(token);
    const failures = ["garbage", "html", 400, 401, 500, "huge", "redirect"] as const;
    for (const how of failures) {
      const unknown = await provider.issueUserToken("bob");
      provider.behave(how);
      expect(await startIntrospecting(provider, {}).call(unknown)).toBe("Unavailable");
      provider.behave("well");
    }
    const { inspect } = await import("node:util");
    const echo = startIntrospecting(provider, {});
    const tokenOfBob = await provider.issueUserToken("bob");
    // An endpoint that repeats the token in a response that cannot be used.
    provider.behave("well", () => ({ active: tokenOfBob, error_description: tokenOfBob }));
    expect(await echo.call(tokenOfBob)).toBe("Unavailable");
    await vi.waitFor(() => expect(echo.errors).toHaveLength(1));
    const seen = inspect([lines, echo.errors, instance.errors, provider.requests], { depth: 20, showHidden: true });
    for (const secret of [token, tokenOfBob, "secret:/%+"]) expect(seen).not.toContain(secret);
  });
});

describe("a token is refused", () => {
  const hour = 3_600;
  const now = () => Math.floor(Date.now() / 1_000);
  type Change = (claims: Record<string, unknown>) => unknown;
  test.each<{ name: string; change: Change; reason: string; options?: Partial<IntrospectionOptions>; twin?: Change }>([
    { name: "not active", change: () => ({ active: false }), reason: "unknown" },
    {
      name: "not active, though it has everything else",
      change: (claims) => ({ ...claims, active: false }),
      reason: "unknown",
    },
    { name: "another issuer", change: (claims) => ({ ...claims, iss: "https://evil.example.com" }), reason: "issuer" },
    { name: "no issuer", change: ({ iss: _, ...claims }) => claims, reason: "issuer" },
    { name: "issuer of another type", change: (claims) => ({ ...claims, iss: [claims["iss"]] }), reason: "claim" },
    { name: "another audience", change: (claims) => ({ ...claims, aud: "urn:other" }), reason: "audience" },
    {
      name: "other audiences",
      change: (claims) => ({ ...claims, aud: ["urn:other", "urn:another"] }),
      reason: "audience",
      twin: (claims) => ({ ...claims, aud: ["urn:other", audience] }),
    },
    { name: "no audience", change: ({ aud: _, ...claims }) => claims, reason: "audience" },
    { name: "an audience of another type", change: (claims) => ({ ...claims, aud: [audience, 1] }), reason: "claim" },
    { name: "null as audience", change: (claims) => ({ ...claims, aud: null }), reason: "claim" },
    {
      name: "expired",
      change: (claims) => ({ ...claims, exp: now() - 10 }),
      reason: "expired",
      twin: (claims) => ({ ...claims, exp: now() + 10 }),
    },
    {
      name: "expired within no tolerance",
      change: (claims) => ({ ...claims, exp: now() - 31 }),
      reason: "expired",
      options: { clockTolerance: 30 },
      twin: (claims) => ({ ...claims, exp: now() - 5 }),
    },
    {
      name: "an expiry in milliseconds",
      change: (claims) => ({ ...claims, exp: Date.now() * 1_000 }),
      reason: "claim",
    },
    { name: "an expiry that is text", change: (claims) => ({ ...claims, exp: `${now() + hour}` }), reason: "claim" },
    { name: "null as expiry", change: (claims) => ({ ...claims, exp: null }), reason: "claim" },
    {
      name: "an infinite expiry",
      change: (claims) => JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e999'),
      reason: "claim",
    },
    {
      name: "not valid yet",
      change: (claims) => ({ ...claims, nbf: now() + hour }),
      reason: "not-active",
      twin: (claims) => ({ ...claims, nbf: now() - hour }),
    },
    {
      name: "not valid yet, beyond the tolerance",
      change: (claims) => ({ ...claims, nbf: now() + 60 }),
      reason: "not-active",
      options: { clockTolerance: 30 },
      twin: (claims) => ({ ...claims, nbf: now() + 20 }),
    },
    { name: "nbf of another type", change: (claims) => ({ ...claims, nbf: "now" }), reason: "claim" },
    { name: "iat of another type", change: (claims) => ({ ...claims, iat: {} }), reason: "claim" },
    { name: "no token_type", change: ({ token_type: _, ...claims }) => claims, reason: "claim" },
    {
      name: "another token_type",
      change: (claims) => ({ ...claims, token_type: "N_A" }),
      reason: "claim",
      options: { allowMissingTokenType: true },
      twin: ({ token_type: _, ...claims }) => claims,
    },
    {
      name: "a refresh token, by token_use",
      change: (claims) => ({ ...claims, token_use: "refresh_token" }),
      reason: "claim",
      twin: (claims) => ({ ...claims, token_use: "access_token", token_type: "bearer" }),
    },
    { name: "DPoP", change: (claims) => ({ ...claims, token_type: "DPoP" }), reason: "bound" },
    {
      name: "bound to a key",
      change: (claims) => ({ ...claims, cnf: { jkt: "x" } }),
      reason: "bound",
    },
    { name: "bound to null", change: (claims) => ({ ...claims, cnf: null }), reason: "bound" },
    { name: "no subject", change: ({ sub: _, ...claims }) => claims, reason: "claim" },
    { name: "an empty subject", change: (claims) => ({ ...claims, sub: "" }), reason: "claim" },
    { name: "a subject that is a number", change: (claims) => ({ ...claims, sub: 1 }), reason: "claim" },
    {
      name: "a user name instead of a subject",
      change: ({ sub: _, ...claims }) => ({ ...claims, username: "ada" }),
      reason: "claim",
      options: { claimsMapping: { subject: "uid" } },
      twin: ({ sub: _, ...claims }) => ({ ...claims, uid: "ada" }),
    },
    { name: "a client of another type", change: (claims) => ({ ...claims, client_id: 1 }), reason: "claim" },
    { name: "roles of another type", change: (claims) => ({ ...claims, roles: [1] }), reason: "claim" },
    { name: "an actor without subject", change: (claims) => ({ ...claims, act: { iss: "x" } }), reason: "claim" },
  ])("$name: $reason", async ({ change, reason, options = {}, twin = (claims) => claims }) => {
    const instance = startIntrospecting(provider, { cache: false, ...options });
    const token = await provider.issueUserToken("ada");
    provider.behave("well", change);
    expect(await instance.call(token)).toBe("Unauthenticated");
    await vi.waitFor(() => expect(instance.reasons).toEqual([reason]));
    provider.behave("well", twin);
    expect(await instance.call(token)).toBe("ada");
  });

  test("a refresh token of the provider, which is active too", async () => {
    const instance = startIntrospecting(provider);
    const refresh = await provider.issueUserToken("ada", {}, "RefreshToken");
    expect(await instance.call(refresh)).toBe("Unauthenticated");
    // Not even by the option: it is for no audience.
    expect(await startIntrospecting(provider, { allowMissingTokenType: true }).call(refresh)).toBe("Unauthenticated");
    expect(await instance.call(await provider.issueUserToken("ada"))).toBe("ada");
  });

  test("a token that the provider bound to a key", async () => {
    const bound = await provider.issueUserToken("ada", { jkt: "a-thumbprint" });
    const instance = startIntrospecting(provider);
    expect(await instance.call(bound)).toBe("Unauthenticated");
    await vi.waitFor(() => expect(instance.reasons).toEqual(["bound"]));
    expect(await startIntrospecting(provider, { allowBoundTokens: true }).call(bound)).toBe("ada");
  });

  test("a JSON Web Token, which the provider does not describe: not an outage, whoever sends how many", async () => {
    const instance = startIntrospecting(provider);
    for (let i = 0; i < 5; i++) expect(await instance.call(`eyJhbGciOiJub25lIn0.e30.${i}`)).toBe("Unauthenticated");
    expect(await instance.call(await provider.issueUserToken("ada"))).toBe("ada");
    expect(warn).not.toHaveBeenCalled();
  });

  test.each(["a b", "a,b", "a;b", "ä"])("one that is no Bearer token is never sent: %s", async (token) => {
    const before = provider.introspections;
    expect(await startIntrospecting(provider).call(Buffer.from(token).toString("latin1"))).toBe("Unauthenticated");
    expect(provider.introspections).toBe(before);
  });

  test("a member of Object.prototype describes no token", async () => {
    const instance = startIntrospecting(provider, { clientPrefix: "client:", cache: false });
    const token = await provider.issueUserToken("ada");
    const polluted = {
      active: true,
      sub: "eve",
      client_id: "eve",
      token_type: "Bearer",
      aud: audience,
      iss: provider.issuer,
    };
    provider.behave("well", () => "{}");
    try {
      for (const [name, value] of Object.entries(polluted)) {
        Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
      }
      expect(await instance.call(token)).toBe("Unavailable");
      provider.behave("well", ({ exp }) => JSON.stringify({ active: true, exp }));
      expect(await instance.call(token)).toBe("Unauthenticated");
    } finally {
      for (const name of Object.keys(polluted)) delete (Object.prototype as Record<string, unknown>)[name];
    }
    provider.behave("well");
    expect(await instance.call(token)).toBe("ada");
  });
});

describe("a token of a client for itself has no subject", () => {
  test("it is refused, and accepted with a prefix", async () => {
    const token = await provider.issueClientToken();
    expect(await startIntrospecting(provider).call(token)).toBe("Unauthenticated");
    expect(await startIntrospecting(provider, { clientPrefix: "client:" }).call(token)).toBe("client:shop-api");
  });

  test("the prefix does not change a user's subject, and makes none from nothing", async () => {
    const instance = startIntrospecting(provider, { clientPrefix: "client:", cache: false });
    const token = await provider.issueUserToken("ada");
    expect(await instance.call(token)).toBe("ada");
    for (const wrong of [{ client_id: undefined, sub: undefined }, { client_id: "", sub: undefined }, { sub: "" }]) {
      provider.behave("well", (claims) => ({ ...claims, ...wrong }));
      expect(await instance.call(token)).toBe("Unauthenticated");
    }
  });
});

describe("the cache", () => {
  test("100 calls at once with a new token are one request", async () => {
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    const before = provider.introspections;
    expect(new Set(await Promise.all(Array.from({ length: 100 }, () => instance.call(token))))).toEqual(
      new Set(["ada"]),
    );
    expect(provider.introspections - before).toBe(1);
  });

  test("a token that the provider revoked is accepted for 30 seconds at most", async () => {
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    expect(await instance.call(token)).toBe("ada");
    await provider.revoke(token);
    vi.advanceTimersByTime(29_999);
    expect(await instance.call(token)).toBe("ada");
    vi.advanceTimersByTime(1);
    expect(await instance.call(token)).toBe("Unauthenticated");
  });

  test.each([
    { name: "another ttl", cache: { ttl: 5_000 }, first: 4_999 },
    { name: "a cache without ttl has the default", cache: { maxSize: 10, ttl: undefined } as never, first: 29_999 },
  ])("$name", async ({ cache, first }) => {
    const instance = startIntrospecting(provider, { cache });
    const token = await provider.issueUserToken("ada");
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    await instance.call(token);
    const before = provider.introspections;
    vi.advanceTimersByTime(first);
    expect([await instance.call(token), provider.introspections - before]).toEqual(["ada", 0]);
    vi.advanceTimersByTime(1);
    expect([await instance.call(token), provider.introspections - before]).toEqual(["ada", 1]);
  });

  test("an entry ends with its token", async () => {
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    const exp = Math.floor(Date.now() / 1_000) + 10;
    provider.behave("well", (claims) => ({ ...claims, exp }));
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    expect(await instance.call(token)).toBe("ada");
    vi.setSystemTime(exp * 1_000 - 1);
    expect(await instance.call(token)).toBe("ada");
    vi.setSystemTime(exp * 1_000);
    expect(await instance.call(token)).toBe("Unauthenticated");
  });

  test("a refusal counts for ten seconds; a token that is active later is accepted then", async () => {
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    provider.behave("well", () => ({ active: false }));
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    expect(await instance.call(token)).toBe("Unauthenticated");
    provider.behave("well");
    const before = provider.introspections;
    vi.advanceTimersByTime(9_999);
    expect(await instance.call(token)).toBe("Unauthenticated");
    expect(provider.introspections).toBe(before);
    vi.advanceTimersByTime(1);
    expect(await instance.call(token)).toBe("ada");
  });

  test("a refusal by a claim is kept as well, and one that passes is not", async () => {
    const instance = startIntrospecting(provider);
    for (const [members, requests] of [
      [{ aud: "urn:other" }, 1],
      [{ nbf: Math.floor(Date.now() / 1_000) + 3_600 }, 2],
    ] as const) {
      const token = await provider.issueUserToken("ada");
      provider.behave("well", (claims) => ({ ...claims, ...members }));
      const before = provider.introspections;
      for (let i = 0; i < 2; i++) expect(await instance.call(token)).toBe("Unauthenticated");
      expect(provider.introspections - before).toBe(requests);
    }
  });

  test("two instances with one store share a description, but not with another client or requirement", async () => {
    const store = new TestStore();
    const token = await provider.issueUserToken("ada");
    const asked = async (options: Partial<IntrospectionOptions>) => {
      const before = provider.introspections;
      const who = await startIntrospecting(provider, { cache: { store }, ...options }).call(token);
      return [who, provider.introspections - before];
    };
    expect(await asked({})).toEqual(["ada", 1]);
    expect(await asked({})).toEqual(["ada", 0]);
    expect([...store.entries].join()).not.toContain(token);
    for (const options of [
      { audience: [audience, "urn:other"] },
      { clockTolerance: 5 },
      { allowBoundTokens: true },
      { allowMissingTokenType: true },
      { claimsMapping: { name: "nickname" } },
      { clientPrefix: "c:" },
      { name: "opaque" },
      { clientId: "by-post", clientSecret: "a secret & more", clientAuthentication: "client_secret_post" as const },
    ]) {
      expect(await asked(options)).toEqual(["ada", 1]);
    }
    expect(await asked({ audience: "urn:other" })).toEqual(["Unauthenticated", 1]);
    await provider.revoke(token);
    expect(await asked({})).toEqual(["ada", 0]);
    expect(await asked({ cache: false })).toEqual(["Unauthenticated", 1]);
  });

  test("a revocation of ours counts at once", async () => {
    const instance = startIntrospecting(provider, {}, { revocations: createRevocations({ store: new TestStore() }) });
    const [token, other] = [await provider.issueUserToken("ada"), await provider.issueUserToken("ada")];
    expect([await instance.call(token), await instance.call(other)]).toEqual(["ada", "ada"]);
    await instance.revoke({ credential: token });
    expect([await instance.call(token), await instance.call(other)]).toEqual(["Unauthenticated", "ada"]);
    await instance.revoke({ subject: "ada" });
    expect(await instance.call(other)).toBe("Unauthenticated");
  });
});

test("without an audience, creation warns", () => {
  const { audience: _, ...options } = describedBy(provider);
  introspection(options);
  expect(warn.mock.calls.flat().join()).toMatch(/introspection: without an audience/);
});
