import { createAuth } from "@connectum/auth";
import { introspection } from "@connectum/auth/introspection";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startHttpServer, type TestHttpServer } from "../servers/http-server.js";
import { type EndpointBehaviour, startTokenProvider, type TokenProvider } from "../servers/token-provider.js";
import { TestStore } from "../store/instance.js";
import { describedBy, startIntrospecting } from "./described-by.js";

let provider: TokenProvider;
let warn: ReturnType<typeof vi.spyOn>;
beforeEach(async () => {
  provider = await startTokenProvider();
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(async () => {
  vi.useRealTimers();
  warn.mockRestore();
  await provider.stop();
});
const logged = () => warn.mock.calls.flat().join("\n");
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("an endpoint that fails is our failure, never the caller's", () => {
  const anEndpoint = (advice: string) => new RegExp(`introspection: the endpoint http://127.0.0.1:\\d+/ ${advice}`);
  test.each<{ how: EndpointBehaviour; log: RegExp }>([
    { how: 500, log: /cannot verify credentials \(ConnectError, Unavailable, HttpStatusError\)/ },
    { how: 503, log: /cannot verify credentials/ },
    { how: 429, log: /cannot verify credentials/ },
    {
      how: 401,
      log: anEndpoint("refuses this server as a client \\(HTTP status 401\\): check clientId, and clientSecret"),
    },
    { how: 403, log: anEndpoint("refuses this server as a client \\(HTTP status 403\\)") },
    { how: 400, log: anEndpoint("refuses this server as a client \\(HTTP status 400\\)") },
    { how: 404, log: anEndpoint("is no introspection endpoint \\(HTTP status 404\\): check its address") },
    { how: "redirect", log: anEndpoint("redirects \\(HTTP status 307\\), which is not followed") },
    {
      how: "garbage",
      log: anEndpoint("gave an unusable response: not a description of a token \\(OAUTH_PARSE_ERROR\\)"),
    },
    { how: "html", log: anEndpoint("gave an unusable response: its content-type is not application/json") },
    { how: "huge", log: anEndpoint("gave an unusable response: more than 65536 bytes; maxBytes raises the limit") },
    { how: 204, log: /cannot verify credentials/ },
  ])("$how", async ({ how, log }) => {
    const instance = startIntrospecting(provider);
    const [known, unknown] = [await provider.issueUserToken("ada"), await provider.issueUserToken("bob")];
    expect(await instance.call(known)).toBe("ada");
    provider.behave(how);
    expect(await instance.call(unknown)).toBe("Unavailable");
    expect(logged()).toMatch(log);
    // Cached callers do not notice, and an anonymous caller is one.
    expect(await instance.call(known)).toBe("ada");
    expect(provider.requests).not.toContain("/elsewhere");
    provider.behave("well");
    expect(await instance.call(unknown)).toBe("bob");
  });

  test.each<[string, unknown]>([
    ["a list", []],
    ["null", null],
    ["a text", '"active"'],
    ["no member active", { sub: "ada" }],
    ["active as text", { active: "true", sub: "ada" }],
    ["active as a number", { active: 1, sub: "ada" }],
    ["nothing", ""],
    ["half", '{"active":true,'],
  ])("a response of another form: %s", async (_, response) => {
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    provider.behave("well", () => response);
    expect(await instance.call(token)).toBe("Unavailable");
    expect(logged()).toContain("gave an unusable response");
    provider.behave("well");
    expect(await instance.call(token)).toBe("ada");
  });

  test("a wrong secret of ours", async () => {
    const instance = startIntrospecting(provider, { clientSecret: "not the secret" });
    expect(await instance.call(await provider.issueUserToken("ada"))).toBe("Unavailable");
    expect(logged()).toContain("refuses this server as a client (HTTP status 401)");
    expect(logged()).not.toContain("not the secret");
  });

  test.each(["hanging", "dripping"] as const)("%s: the call ends when its time is over", async (how) => {
    const instance = startIntrospecting(provider);
    const token = await provider.issueUserToken("ada");
    const before = provider.introspections;
    provider.behave(how);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const call = instance.call(token);
    let isOver = false;
    void call.then(() => {
      isOver = true;
    });
    while (provider.introspections === before) {
      await vi.advanceTimersByTimeAsync(1);
      await turn();
    }
    for (let i = 0; i < 20; i++) await turn();
    await vi.advanceTimersByTimeAsync(4_000);
    for (let i = 0; i < 20; i++) await turn();
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await call).toBe("Unavailable");
    vi.useRealTimers();
    provider.behave("well");
    expect(await instance.call(token)).toBe("ada");
  });
});

describe("an endpoint that is away", () => {
  test("is asked by one call at a time, after one, two, four and eight times the cooldown", async () => {
    const instance = startIntrospecting(provider);
    const tokens = await Promise.all(Array.from({ length: 60 }, (_, i) => provider.issueUserToken(`user-${i}`)));
    await instance.call(tokens.pop() as string);
    provider.behave(503);
    vi.useFakeTimers({ toFake: ["performance"] });
    const requests = async (calls = 5) => {
      const before = provider.introspections;
      for (let i = 0; i < calls; i++) expect(await instance.call(tokens[i] as string)).toBe("Unavailable");
      return provider.introspections - before;
    };
    // Three failures in a row open the circuit.
    expect(await requests()).toBe(3);
    for (const pause of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      vi.advanceTimersByTime(pause - 1);
      expect(await requests()).toBe(0);
      vi.advanceTimersByTime(1);
      expect(await requests()).toBe(1);
    }
    vi.advanceTimersByTime(8_000);
    provider.behave("hanging");
    const before = provider.introspections;
    const trial = instance.call(tokens[10] as string);
    while (provider.introspections === before) await turn();
    // While one call tries, the others are answered at once.
    expect(await requests()).toBe(0);
    await provider.takeDown();
    expect(await trial).toBe("Unavailable");
    await provider.bringUp();
    provider.behave("well");
    vi.advanceTimersByTime(8_000);
    expect(await instance.call(tokens[10] as string)).toBe("user-10");
    const all = await Promise.all(tokens.slice(11, 40).map((token) => instance.call(token)));
    expect(all).toEqual(Array.from({ length: 29 }, (_, i) => `user-${i + 11}`));
  });

  test.each<EndpointBehaviour | "closed">([
    ...([401, 403, 404, 408, 429, 500, 502, 503, 504] as const),
    ...(["closed", "garbage", "html", "huge", "redirect"] as const),
  ])("is not asked by every call: %s", async (how) => {
    const instance = startIntrospecting(provider);
    await instance.call(await provider.issueUserToken("ada"));
    vi.useFakeTimers({ toFake: ["performance"] });
    if (how === "closed") await provider.takeDown();
    else provider.behave(how);
    for (let i = 0; i < 3; i++) expect(await instance.call(`a-${i}`)).toBe("Unavailable");
    await provider.bringUp();
    provider.behave("well");
    const before = provider.introspections;
    expect([await instance.call("b"), provider.introspections - before]).toEqual(["Unavailable", 0]);
    vi.advanceTimersByTime(1_000);
    expect([await instance.call("b"), provider.introspections - before]).toEqual(["Unauthenticated", 1]);
  });

  test("many calls that fail at the same time make one pause", async () => {
    const instance = startIntrospecting(provider);
    const tokens = await Promise.all(Array.from({ length: 30 }, (_, i) => provider.issueUserToken(`user-${i}`)));
    await instance.call(tokens[0] as string);
    provider.behave(503);
    vi.useFakeTimers({ toFake: ["performance"] });
    await Promise.all(tokens.slice(1).map((token) => instance.call(token)));
    provider.behave("well");
    vi.advanceTimersByTime(1_000);
    expect(await instance.call(tokens[1] as string)).toBe("user-1");
  });

  test("tokens that the endpoint answers with 400 keep no other caller away", async () => {
    const instance = startIntrospecting(provider);
    const good = await provider.issueUserToken("ada");
    provider.behave(400);
    for (let i = 0; i < 20; i++) expect(await instance.call(`strange-${i}`)).toBe("Unavailable");
    provider.behave("well");
    expect(await instance.call(good)).toBe("ada");
  });

  test("lets nobody in, and cached callers for no longer than their entries", async () => {
    const store = new TestStore();
    const instance = startIntrospecting(provider, { cache: { store } });
    const token = await provider.issueUserToken("ada");
    expect(await instance.call(token)).toBe("ada");
    await provider.takeDown();
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    expect(await startIntrospecting(provider, { cache: { store } }).call(token)).toBe("ada");
    vi.advanceTimersByTime(30_000);
    expect(await instance.call(token)).toBe("Unavailable");
    expect(await instance.call("a-guess")).toBe("Unavailable");
    await provider.bringUp();
    expect(await instance.call(token)).toBe("ada");
    expect(await instance.call("a-guess")).toBe("Unauthenticated");
  });
});

describe("the metadata of the issuer", () => {
  let other: TestHttpServer;
  let status: number;
  let type: string;
  let asked: string[];
  let metadata: Record<string, (issuer: string) => unknown>;
  const oidc = "/.well-known/openid-configuration";
  const oauth = "/.well-known/oauth-authorization-server";
  const right = (issuer: string) => ({ issuer, introspection_endpoint: `${issuer}/introspect` });
  beforeEach(async () => {
    asked = [];
    metadata = { [oidc]: right };
    [status, type] = [404, "application/json"];
    other = await startHttpServer((request, response) => {
      const url = request.url ?? "";
      asked.push(url);
      const found =
        url === "/introspect"
          ? () => ({ active: true, sub: "ada", token_type: "Bearer", aud: "a", iss: other.url })
          : metadata[url];
      response.writeHead(found ? 200 : status, { "content-type": type });
      response.end(JSON.stringify(found?.(other.url) ?? {}));
    });
  });
  afterEach(() => other.stop());
  const start = () => startIntrospecting(provider, { issuer: other.url, audience: "a", cache: false });

  test("is fetched once, by OpenID Connect Discovery", async () => {
    const instance = start();
    expect(await Promise.all(["a", "b", "c"].map((token) => instance.call(token)))).toEqual(["ada", "ada", "ada"]);
    expect(asked.filter((url) => url !== "/introspect")).toEqual([oidc]);
  });

  test.each<{ name: string; first?: () => unknown }>([
    { name: "is not there" },
    { name: "names no endpoint", first: () => ({ issuer: other.url }) },
  ])("else by RFC 8414: the first $name", async ({ first }) => {
    metadata = { ...(first && { [oidc]: first }), [oauth]: right };
    expect(await start().call("a")).toBe("ada");
    expect(asked).toEqual([oidc, oauth, "/introspect"]);
  });

  test.each([
    { failure: 500, requests: [oidc] },
    { failure: 503, requests: [oidc] },
    { failure: 302, requests: [oidc] },
    { failure: 400, requests: [oidc, oauth] },
    { failure: 404, requests: [oidc, oauth] },
  ])(
    "is asked for at the other address only if the first does not have it: $failure",
    async ({ failure, requests }) => {
      metadata = {};
      status = failure;
      const instance = start();
      expect(await instance.call("a")).toBe("Unavailable");
      expect(asked).toEqual(requests);
      metadata = { [oidc]: right };
      expect(await instance.call("a")).toBe("ada");
    },
  );

  test.each(["application/json; charset=utf-8", "Application/JSON", "application/json ;charset=utf-8"])(
    "and descriptions are JSON: %s",
    async (right) => {
      for (const wrong of ["text/plain", "x-application/json", "application/json-seq", "application/jwt"]) {
        type = wrong;
        expect(await start().call("a")).toBe("Unavailable");
      }
      type = right;
      expect(await start().call("a")).toBe("ada");
    },
  );

  test.each<{ name: string; wrong: (issuer: string) => unknown; log: string }>([
    {
      name: "of another issuer",
      wrong: (issuer) => ({ ...right(issuer), issuer: "https://evil.example.com" }),
      log: "not the metadata of the issuer (OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED)",
    },
    { name: "without issuer", wrong: (issuer) => ({ ...right(issuer), issuer: undefined }), log: "not the metadata" },
    { name: "without an endpoint", wrong: (issuer) => ({ issuer }), log: "names no introspection_endpoint" },
    {
      name: "with an endpoint of another type",
      wrong: (issuer) => ({ ...right(issuer), introspection_endpoint: [`${issuer}/introspect`] }),
      log: "names no introspection_endpoint",
    },
    {
      name: "with an endpoint that is not secure",
      wrong: (issuer) => ({ ...right(issuer), introspection_endpoint: "http://login.example.com/introspect" }),
      log: "names an introspection_endpoint that is not secure",
    },
    {
      name: "with an endpoint that is no address",
      wrong: (issuer) => ({ ...right(issuer), introspection_endpoint: "/introspect" }),
      log: "names an introspection_endpoint that is not secure",
    },
  ])("$name sends no token anywhere", async ({ wrong, log }) => {
    metadata = { [oidc]: wrong };
    const instance = start();
    expect(await instance.call("a")).toBe("Unavailable");
    expect(asked).not.toContain("/introspect");
    expect(logged()).toContain(log);
    metadata = { [oidc]: right };
    expect(await instance.call("a")).toBe("ada");
  });

  test("is fetched again after an hour, and the last good one is kept while that fails", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const instance = start();
    const fetched = async () => {
      asked = [];
      expect(await instance.call("a")).toBe("ada");
      return asked.filter((url) => url !== "/introspect").length;
    };
    expect(await fetched()).toBe(1);
    vi.advanceTimersByTime(3_599_999);
    expect(await fetched()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(await fetched()).toBe(1);
    metadata = {};
    vi.advanceTimersByTime(3_600_000);
    expect(await fetched()).toBe(2);
    expect(await fetched()).toBe(0);
  });

  test("is fetched by warmUp, which fails without it", async () => {
    const { warmUp } = createAuth({
      policies: [],
      authenticate: introspection(describedBy(provider, { issuer: other.url })),
    });
    metadata = {};
    await expect(warmUp()).rejects.toThrow(`token introspection unavailable: ${other.url}`);
    metadata = { [oidc]: right };
    await warmUp();
    expect(asked.at(-1)).toBe(oidc);
  });
});
