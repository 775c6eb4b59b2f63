import { createRevocations, credentials } from "@connectum/auth";
import { type SecurityEventOptions, securityEventReceiver } from "@connectum/auth/jwt";
import { createTestKeyPair, startTestKeySet, type TestKeyPair } from "@connectum/auth/testing";
import { SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startInstance, TestStore } from "../store/instance.js";

const issuer = "https://login.example.com";
const audience = "https://api.example.com";
const caep = "https://schemas.openid.net/secevent/caep/event-type/";
const risc = "https://schemas.openid.net/secevent/risc/event-type/";
const secret = "the-secret-of-the-transmitter";

let pair: TestKeyPair;
let other: TestKeyPair;
let warn: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  [pair, other] = [await createTestKeyPair("ES256"), await createTestKeyPair("ES256")];
});
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

let count = 0;
const now = () => Math.floor(Date.now() / 1_000);
const ada = { format: "iss_sub", iss: issuer, sub: "ada" };

/** A security event token: a session of ada ends, unless the claims say otherwise. */
function eventToken(
  claims: Record<string, unknown> = {},
  header = {},
  { privateKey }: TestKeyPair = pair,
): Promise<string> {
  const event = { [`${caep}session-revoked`]: { event_timestamp: now() } };
  const all = {
    iss: issuer,
    aud: audience,
    iat: now(),
    jti: `event-${count++}`,
    sub_id: ada,
    events: event,
    ...claims,
  };
  return new SignJWT(all).setProtectedHeader({ alg: "ES256", typ: "secevent+jwt", ...header }).sign(privateKey);
}

/** A receiver whose revocations are kept, and the answer to a token. */
function start(options: Partial<SecurityEventOptions> = {}) {
  const revoked: object[] = [];
  const receive = securityEventReceiver({
    ...{ revoke: async (what) => void revoked.push(what), issuer, audience },
    ...(!("jwksUri" in options) && { publicKey: pair.publicJwk }),
    ...options,
  });
  async function post(body: string, headers: Record<string, string> = {}) {
    const all = { "content-type": "application/secevent+jwt", ...headers };
    const response = await receive(
      new Request("https://api.example.com/events", { method: "POST", headers: all, body }),
    );
    const text = await response.text();
    return { status: response.status, ...(text !== "" && JSON.parse(text)) };
  }
  return { revoked, receive, post };
}

test("a session that ends refuses its caller, on a real server", async () => {
  const instance = startInstance({
    authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
    revocations: createRevocations({ store: new TestStore() }),
  });
  const { post } = start({ revoke: instance.revoke });
  expect([await instance.call("ada"), await instance.call("bob")]).toEqual(["ada", "bob"]);
  expect(await post(await eventToken())).toEqual({ status: 202 });
  expect([await instance.call("ada"), await instance.call("bob")]).toEqual(["Unauthenticated", "bob"]);
});

describe("events revoke their subject", () => {
  const ends = { [`${caep}session-revoked`]: {} };
  test.each<{ name: string; claims: Record<string, unknown>; want: object[] }>([
    { name: "session-revoked", claims: {}, want: [{ subject: "ada" }] },
    { name: "credential-change", claims: { events: { [`${caep}credential-change`]: {} } }, want: [{ subject: "ada" }] },
    { name: "account-disabled", claims: { events: { [`${risc}account-disabled`]: {} } }, want: [{ subject: "ada" }] },
    { name: "opaque", claims: { sub_id: { format: "opaque", id: "ada" } }, want: [{ subject: "ada" }] },
    { name: "jwt_id", claims: { sub_id: { format: "jwt_id", iss: issuer, jti: "t1" } }, want: [{ tokenId: "t1" }] },
    {
      name: "a complex subject, by its session",
      claims: { sub_id: { format: "complex", user: ada, session: { format: "opaque", id: "s1" } } },
      want: [{ subject: "s1" }],
    },
    {
      name: "a complex subject, by its user",
      claims: { sub_id: { format: "complex", user: ada } },
      want: [{ subject: "ada" }],
    },
    {
      name: "the subject in an older event",
      claims: {
        sub_id: undefined,
        events: { [`${caep}session-revoked`]: { subject: { ...ada, subject_type: "iss_sub", format: undefined } } },
      },
      want: [{ subject: "ada" }],
    },
    { name: "another event", claims: { events: { [`${caep}assurance-level-change`]: {} } }, want: [] },
    {
      name: "a test of the transmitter",
      claims: {
        events: { "https://schemas.openid.net/secevent/ssf/event-type/verification": {} },
        sub_id: { format: "opaque", id: "stream" },
      },
      want: [],
    },
    {
      name: "several",
      claims: { events: { ...ends, [`${risc}account-purged`]: {}, "urn:other": {} } },
      want: [{ subject: "ada" }, { subject: "ada" }],
    },
    {
      name: "a list of audiences",
      claims: { aud: ["https://other.example.com", audience] },
      want: [{ subject: "ada" }],
    },
  ])("$name", async ({ claims, want }) => {
    const { revoked, post } = start();
    expect(await post(await eventToken(claims))).toEqual({ status: 202 });
    expect(revoked).toEqual(want);
  });

  test("once: a token that comes again has no effect", async () => {
    const { revoked, post } = start();
    const token = await eventToken();
    for (let i = 0; i < 3; i++) expect(await post(token)).toEqual({ status: 202 });
    expect(revoked).toHaveLength(1);
  });

  test("by a mapping of one's own", async () => {
    const events: unknown[] = [];
    const { revoked, post } = start({
      revocationOf(event) {
        events.push(event);
        return event.type === "urn:left" ? { subject: String(event.subject?.["email"]) } : undefined;
      },
    });
    const sub_id = { format: "email", email: "ada@example.com" };
    await post(
      await eventToken({ sub_id, events: { "urn:left": { reason: "quit" }, [`${caep}session-revoked`]: {} } }),
    );
    expect(revoked).toEqual([{ subject: "ada@example.com" }]);
    expect(events[0]).toEqual({ type: "urn:left", payload: { reason: "quit" }, subject: sub_id });
  });
});

describe("a token is refused, and nothing is revoked", () => {
  test.each<{ name: string; token: () => Promise<string>; err: string; options?: Partial<SecurityEventOptions> }>([
    { name: "another key", token: () => eventToken({}, {}, other), err: "invalid_key" },
    { name: "another issuer", token: () => eventToken({ iss: "https://evil.example.com" }), err: "invalid_issuer" },
    { name: "no issuer", token: () => eventToken({ iss: undefined }), err: "invalid_issuer" },
    {
      name: "another audience",
      token: () => eventToken({ aud: "https://other.example.com" }),
      err: "invalid_audience",
    },
    { name: "an access token", token: () => eventToken({}, { typ: "at+jwt" }), err: "invalid_request" },
    { name: "no type", token: () => eventToken({}, { typ: undefined }), err: "invalid_request" },
    { name: "no jti", token: () => eventToken({ jti: undefined }), err: "invalid_request" },
    { name: "jti of another type", token: () => eventToken({ jti: 1 }), err: "invalid_request" },
    { name: "no time", token: () => eventToken({ iat: undefined }), err: "invalid_request" },
    { name: "an old one", token: () => eventToken({ iat: now() - 90_000 }), err: "invalid_request" },
    { name: "one of tomorrow", token: () => eventToken({ iat: now() + 90_000 }), err: "invalid_request" },
    { name: "no events", token: () => eventToken({ events: undefined }), err: "invalid_request" },
    { name: "events of another type", token: () => eventToken({ events: [] }), err: "invalid_request" },
    { name: "no subject", token: () => eventToken({ sub_id: undefined }), err: "invalid_request" },
    {
      name: "a subject of another issuer",
      token: () => eventToken({ sub_id: { ...ada, iss: "https://b" } }),
      err: "invalid_request",
    },
    {
      name: "an unknown format",
      token: () => eventToken({ sub_id: { format: "email", email: "a@b" } }),
      err: "invalid_request",
    },
    { name: "an empty subject", token: () => eventToken({ sub_id: { ...ada, sub: "" } }), err: "invalid_request" },
    {
      name: "a subject of another type",
      token: () => eventToken({ sub_id: { ...ada, sub: ["ada"] } }),
      err: "invalid_request",
    },
    {
      name: "no algorithm",
      token: async () => {
        const [, payload] = (await eventToken()).split(".");
        return `${Buffer.from('{"alg":"none","typ":"secevent+jwt"}').toString("base64url")}.${payload}.`;
      },
      err: "invalid_key",
    },
    { name: "no token", token: async () => "", err: "invalid_request" },
    { name: "JSON", token: async () => "{}", err: "invalid_request" },
    {
      name: "a token of 70 KB",
      token: async () => `${await eventToken()}${"a".repeat(70_000)}`,
      err: "invalid_request",
    },
  ])("$name: $err", async ({ token, err, options }) => {
    const { revoked, post } = start(options);
    const { description, ...found } = await post(await token());
    expect(found).toEqual({ status: 400, err });
    expect(description).not.toMatch(/ada|login/);
    expect(revoked).toEqual([]);
    // Its twin.
    expect(await post(await eventToken())).toEqual({ status: 202 });
    expect(warn).not.toHaveBeenCalled();
  });

  test("if one of several events cannot be mapped", async () => {
    const { revoked, post } = start();
    const events = {
      [`${caep}session-revoked`]: { subject: ada },
      [`${caep}credential-change`]: { subject: { format: "email" } },
    };
    expect(await post(await eventToken({ sub_id: undefined, events }))).toMatchObject({ status: 400 });
    expect(revoked).toEqual([]);
  });

  test.each([
    {
      name: "another media type",
      headers: { "content-type": "application/json" },
      status: 400,
      err: "invalid_request",
    },
    { name: "no secret", headers: {}, status: 401, err: "authentication_failed" },
    {
      name: "another secret",
      headers: { authorization: "Bearer not-the-secret-at-all" },
      status: 401,
      err: "authentication_failed",
    },
    {
      name: "two secrets",
      headers: { authorization: `Bearer ${secret}, Bearer ${secret}` },
      status: 401,
      err: "authentication_failed",
    },
  ])("$name", async ({ headers, status, err }) => {
    const { revoked, post } = start({ ...(status === 401 && { secrets: secret }) });
    expect(await post(await eventToken(), headers as Record<string, string>)).toMatchObject({ status, err });
    expect(revoked).toEqual([]);
    expect(await post(await eventToken(), { authorization: `Bearer ${secret}` })).toEqual({ status: 202 });
  });

  test.each(["GET", "PUT", "DELETE", "OPTIONS"])("the method %s", async (method) => {
    const response = await start().receive(new Request("https://api.example.com/events", { method }));
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("the transmitter is asked to send again", () => {
  test("if the store does not take the revocation", async () => {
    let isAway = true;
    const revoke = vi.fn(async () => {
      if (isAway) throw new Error("the store did not take the revocation");
    });
    const { post } = start({ revoke });
    const token = await eventToken();
    expect(await post(token)).toEqual({ status: 503 });
    expect(await post(token)).toEqual({ status: 503 });
    expect(warn).toHaveBeenCalledTimes(1);
    isAway = false;
    expect(await post(token)).toEqual({ status: 202 });
    expect(revoke).toHaveBeenCalledTimes(3);
  });

  test("if the key set is out of reach", async () => {
    const keySet = await startTestKeySet();
    keySet.fail(500);
    const { revoked, post } = start({ jwksUri: keySet.jwksUri });
    expect(await post(await eventToken())).toEqual({ status: 503 });
    await keySet.close();
    expect(revoked).toEqual([]);
  });

  test("if a mapping of one's own fails", async () => {
    const { post } = start({
      revocationOf() {
        throw new Error("bug");
      },
    });
    expect(await post(await eventToken())).toEqual({ status: 503 });
  });
});

test("keys of a key set that rotates", async () => {
  const keySet = await startTestKeySet("ES256");
  const { revoked, post } = start({ jwksUri: keySet.jwksUri });
  const sign = () =>
    keySet.sign(
      { iss: issuer, aud: audience, jti: `k-${count++}`, sub_id: ada, events: { [`${caep}session-revoked`]: {} } },
      { header: { alg: "ES256", typ: "secevent+jwt" } },
    );
  expect(await post(await sign())).toEqual({ status: 202 });
  await keySet.rotate();
  expect(await post(await sign())).toEqual({ status: 202 });
  expect(revoked).toHaveLength(2);
  await keySet.close();
});

describe("a misconfiguration is a TypeError", () => {
  test.each<[object, string]>([
    [{ revoke: undefined }, "revoke: expected a function"],
    [{ issuer: "" }, "issuer: expected a non-empty string"],
    [{ audience: undefined }, "audience: expected a non-empty string"],
    [{ audience: [] }, "audience: expected a non-empty string, or a list of them"],
    [{ secrets: undefined }, "secrets: set but empty; is an environment variable missing?"],
    [{ secrets: "short" }, "secrets: expected at least 16 characters"],
    [{ maxAge: 0 }, "maxAge: expected seconds above 0"],
    [{ publicKey: undefined }, "publicKey: expected a value"],
    [{ audiences: audience }, "audiences: unknown option of securityEventReceiver. Did you mean audience?"],
  ])("%j", (wrong, message) => {
    const right = { revoke: async () => {}, issuer, audience, publicKey: pair?.publicJwk };
    expect(() => securityEventReceiver({ ...right, ...wrong } as never)).toThrow(TypeError);
    expect(() => securityEventReceiver({ ...right, ...wrong } as never)).toThrow(message);
  });
});
