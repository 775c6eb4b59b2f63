import { type CreateAuthOptions, createAuth, type ServicePolicy } from "@connectum/auth";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { as, serviceScheme, userScheme } from "../authorization/callers.js";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { type Lab, startLab } from "../support/lab.js";

const policies: readonly ServicePolicy[] = [AccessServicePolicy, EchoServicePolicy];
const issuer = "https://login.example.com";
type Options = NonNullable<CreateAuthOptions["protectedResource"]>;

function create(protectedResource: Options | undefined, tables = policies) {
  return createAuth({
    policies: tables,
    authenticate: userScheme,
    internal: serviceScheme,
    ...(protectedResource && { protectedResource }),
  });
}

/** A service with other rows. */
const table = (methods: ServicePolicy["methods"]): ServicePolicy[] => [{ typeName: "a.v1.S", methods }];

async function documentOf(options: Options, tables?: readonly ServicePolicy[]): Promise<Record<string, unknown>> {
  const url = new URL("/.well-known/oauth-protected-resource", options.url);
  const response = create(options, tables).wellKnown(new Request(url));
  return (await response?.json()) as Record<string, unknown>;
}

describe("the document", () => {
  test("has the scopes of the tables, without those of internal methods", async () => {
    const scopes = (...scopes: string[]) => ({ roles: [], scopes }) as const;
    const tables = table({
      A: { access: "requires", ...scopes("b", "a") },
      B: { access: "requires", ...scopes("a", 'q"uote') },
      C: { access: "internal", ...scopes("jobs") },
      D: { access: "public" },
      E: { access: "allow" },
    });
    const options = { url: "https://api.example.com", authorizationServers: [issuer], name: "The API" };
    expect(await documentOf({ ...options, documentation: "https://example.com/docs?v=1#a" }, tables)).toEqual({
      resource: "https://api.example.com",
      authorization_servers: [issuer],
      scopes_supported: ["a", "b"],
      bearer_methods_supported: ["header"],
      resource_name: "The API",
      resource_documentation: "https://example.com/docs?v=1#a",
    });
  });
});

describe.each(["/", "/orders/v1", "/orders/"])("a resource with the path %s", (path) => {
  let lab: Lab;
  let auth: ReturnType<typeof createAuth>;
  beforeAll(async () => {
    // The address is known after the start: the server's own, of HTTP/1.1.
    const late = { fallback: undefined as never, interceptors: [], requestGate: undefined as never };
    lab = await startLab({ ...late, ...{ fallback: (...args: [never, never]) => auth.fallback?.(...args) } } as never);
    auth = create({ url: lab.http1Url + (path === "/" ? "" : path), authorizationServers: [issuer] });
  });
  afterAll(() => lab.close());

  test("a standard client discovers it", async () => {
    const resource = new URL(lab.http1Url + (path === "/" ? "" : path));
    const allow = { [oauth.allowInsecureRequests]: true };
    const response = await oauth.resourceDiscoveryRequest(resource, allow);
    const found = await oauth.processResourceDiscoveryResponse(resource, response).catch((error) => error);
    // For an origin, the client compares with a slash that the identifier does not have.
    if (path !== "/") expect(found).toMatchObject({ authorization_servers: [issuer] });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  test("the paths with and without the path of the resource answer; others are not found", async () => {
    const suffix = path === "/" ? "" : path;
    const paths = {
      [`/.well-known/oauth-protected-resource${suffix}`]: 200,
      "/.well-known/oauth-protected-resource": 200,
    };
    const others = ["/.well-known/oauth-protected-resource/other", "/.well-known/", "/", `//evil/${suffix}`];
    for (const [one, status] of [...Object.entries(paths), ...others.map((other) => [other, 404] as const)]) {
      const response = await fetch(lab.http1Url + one);
      expect([one, response.status]).toEqual([one, status]);
      if (status === 200)
        expect(((await response.json()) as { resource: string }).resource).toBe(lab.http1Url + suffix);
      const known = auth.wellKnown(new Request(lab.http1Url + one));
      expect([one, known?.status]).toEqual([one, status === 200 ? 200 : undefined]);
    }
  });

  test.each([
    { method: "HEAD", status: 200, body: "" },
    { method: "OPTIONS", status: 204, body: "" },
    { method: "POST", status: 405, body: "" },
    { method: "DELETE", status: 405, body: "" },
  ])("$method: $status", async ({ method, status, body }) => {
    const url = `${lab.http1Url}/.well-known/oauth-protected-resource?query=1`;
    const response = await fetch(url, { method });
    expect([response.status, await response.text()]).toEqual([status, body]);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const known = auth.wellKnown(new Request(url, { method }));
    expect([known?.status, await known?.text()]).toEqual([status, body]);
  });
});

describe("a misconfiguration is a TypeError", () => {
  const right = { url: "https://api.example.com", authorizationServers: [issuer] };
  test.each<[object, string]>([
    [
      { url: undefined },
      "protectedResource.url: expected a non-empty string, got undefined; is an environment variable missing?",
    ],
    [{ url: "" }, "protectedResource.url: expected a non-empty string"],
    [{ url: "api.example.com" }, 'protectedResource.url: "api.example.com" is not a URL'],
    [{ url: "http://api.example.com" }, "is not secure. Use https:"],
    [{ url: "https://a:b@api.example.com" }, "has a user name or password. Remove them"],
    [{ url: "https://api.example.com#" }, "has a fragment. Remove it"],
    [{ url: "https://api.example.com/?a" }, "has a query. Remove it"],
    [{ authorizationServers: [] }, "protectedResource.authorizationServers: expected a list of non-empty strings"],
    [{ authorizationServers: issuer }, "protectedResource.authorizationServers: expected a list"],
    [{ authorizationServers: [issuer, "login"] }, 'protectedResource.authorizationServers[1]: "login" is not a URL'],
    [{ authorizationServers: ["http://login.example.com"] }, "is not secure"],
    [{ documentation: "docs" }, 'protectedResource.documentation: "docs" is not a URL'],
    [{ name: "" }, "protectedResource.name: expected a non-empty string"],
    [
      { authorizationServer: [issuer] },
      "authorizationServer: unknown option of protectedResource. Did you mean authorizationServers?",
    ],
  ])("%j", (wrong, message) => {
    expect(() => create({ ...right, ...wrong } as Options)).toThrow(TypeError);
    expect(() => create({ ...right, ...wrong } as Options)).toThrow(message);
    expect(() => create({ ...right, url: "http://127.0.0.1:8080/orders" })).not.toThrow();
  });
});

describe("challenges", () => {
  const address = "https://api.example.com/.well-known/oauth-protected-resource/lab";
  const described = create({ url: "https://api.example.com/lab", authorizationServers: [issuer] });
  const silent = create(undefined);
  let labs: { described: Lab; silent: Lab };
  beforeAll(async () => {
    labs = { described: await startLab(described), silent: await startLab(silent) };
  });
  afterAll(async () => {
    await Promise.all([labs.described.close(), labs.silent.close()]);
  });

  async function challengeOf(lab: Lab, method: string, headers: Record<string, string>) {
    const response = await fetch(`${lab.http1Url}/lab.v1.AccessService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "{}",
    });
    return {
      status: response.status,
      challenge: response.headers.get("www-authenticate"),
      text: await response.text(),
    };
  }

  test.each<{ name: string; method: string; caller?: string; status: number; error?: string; scope?: string }>([
    { name: "no credential", method: "Scope", status: 401, scope: "lab:read lab:write" },
    { name: "no credential, no scope", method: "Role", status: 401 },
    {
      name: "a bad one",
      method: "Scope",
      caller: "nobody",
      status: 401,
      error: "invalid_token",
      scope: "lab:read lab:write",
    },
    { name: "an expired one", method: "Role", caller: "expired", status: 401, error: "invalid_token" },
    {
      name: "a missing scope",
      method: "Scope",
      caller: "wrong",
      status: 403,
      error: "insufficient_scope",
      scope: "lab:read lab:write",
    },
  ])("$name: they name the metadata and the scopes of the method", async ({ method, caller, status, error, scope }) => {
    const found = await challengeOf(labs.described, method, as(caller));
    expect(found.status).toBe(status);
    expect(await parametersOf(status, found.challenge ?? "")).toEqual({
      resource_metadata: address,
      ...(error && { error }),
      ...(scope && { scope }),
    });
    // Without the option, the client learns neither.
    const other = await challengeOf(labs.silent, method, as(caller));
    expect(other).toEqual({ ...found, challenge: error ? `Bearer error="${error}"` : "Bearer" });
  });

  test.each([
    { name: "a missing role", method: "Role", caller: "wrong", status: 403 },
    { name: "denied to all", method: "Deny", caller: "right", status: 403 },
    { name: "allowed", method: "Scope", caller: "right", status: 200 },
    { name: "internal, with the scheme of services", method: "Internal", caller: undefined, status: 401 },
  ])("$name: no scope", async ({ method, caller, status }) => {
    const { challenge, ...found } = await challengeOf(labs.described, method, as(caller));
    expect(found.status).toBe(status);
    expect(challenge ?? "").not.toContain("scope");
    expect((await challengeOf(labs.silent, method, as(caller))).text).toBe(found.text);
  });

  test("a scope that no quoted string can carry is left out", async () => {
    const tables = table({ A: { access: "requires", roles: [], scopes: ['a"b', "c"] } });
    const auth = create({ url: "https://api.example.com", authorizationServers: [issuer] }, tables);
    expect(auth.wellKnown(new Request("https://x/.well-known/oauth-protected-resource"))).toBeDefined();
    expect(await documentOf({ url: "https://api.example.com", authorizationServers: [issuer] }, tables)).toMatchObject({
      scopes_supported: ["c"],
    });
  });
});

/** The parameters of the Bearer challenge of an answer, as a standard client reads them. */
async function parametersOf(status: number, challenge: string): Promise<unknown> {
  const answer = new Response(null, { status, headers: { "www-authenticate": challenge } });
  const options = { [oauth.customFetch]: async () => answer };
  const error = await oauth
    .protectedResourceRequest("token", "POST", new URL("https://api.example.com"), undefined, null, options)
    .catch((error) => error);
  expect(error).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  expect(error.cause).toHaveLength(1);
  expect(error.cause[0].scheme).toBe("bearer");
  return error.cause[0].parameters;
}
