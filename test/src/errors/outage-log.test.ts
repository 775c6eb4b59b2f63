import { Code, ConnectError } from "@connectrpc/connect";
import { createAuthInterceptor, createJwtAuthInterceptor, InvalidCredentialError } from "@connectum/auth";
import { createTestJwt, createTestKeyPair } from "@connectum/auth/testing";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { startHttpServer } from "../servers/http-server.js";
import { tryIt, unavailable } from "../support/call.js";

let warned: MockInstance;
beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  warned.mockRestore();
  vi.useRealTimers();
});
const lines = () => warned.mock.calls.map(([line]) => String(line));
const as = (token: string) => ({ authorization: `Bearer ${token}` });

test("a server that cannot verify anybody says so, once a minute at most, with the number of calls", async () => {
  let fails = true;
  const interceptor = createAuthInterceptor({
    verifyCredentials: async () => {
      if (!fails) return { subject: "ada" };
      throw Object.assign(new Error("postgres://root:hunter2@db"), { code: "ECONNREFUSED", cause: new TypeError("x") });
    },
  });
  for (let i = 0; i < 5; i++) expect(await tryIt(interceptor, as(`t${i}`))).toEqual(unavailable);
  expect(lines()).toEqual([
    expect.stringMatching(/credentials: cannot verify credentials \(ECONNREFUSED, TypeError\).*"unavailable": 1;/),
  ]);
  vi.advanceTimersByTime(59_999);
  await tryIt(interceptor, as("t5"));
  expect(lines()).toHaveLength(1);
  vi.advanceTimersByTime(1);
  await tryIt(interceptor, as("t6"));
  expect(lines()).toHaveLength(2);
  expect(lines()[1]).toContain('"unavailable": 6;');
  fails = false;
  vi.advanceTimersByTime(60_000);
  expect((await tryIt(interceptor, as("t7"))).code).toBe("ok");
  expect(lines()).toHaveLength(2);
  expect(lines().join()).not.toMatch(/hunter2|postgres|t\d/);
});

test("one whose key set cannot be had", async () => {
  const server = await startHttpServer((_, response) => void response.writeHead(503).end("secret text"));
  const { privateKey } = await createTestKeyPair("RS256");
  const token = await createTestJwt({ aud: "lab" }, { key: privateKey, header: { alg: "RS256", kid: "k" } });
  const interceptor = createJwtAuthInterceptor({ jwksUri: `${server.url}/jwks?key=secret`, audience: "lab" });
  for (let i = 0; i < 3; i++) expect(await tryIt(interceptor, as(token))).toEqual(unavailable);
  await server.stop();
  expect(lines().filter((line) => line.includes("jwt: cannot verify credentials"))).toHaveLength(1);
  expect(lines().join()).not.toContain("secret");
  expect(lines().join()).not.toContain(token);
});

test("names that are not words are not written, nor errors that cannot be read", async () => {
  const hostile = Object.create(Error.prototype, {
    code: {
      get() {
        throw new Error("no");
      },
    },
  });
  for (const [i, cause] of [
    Object.assign(new Error("x"), { name: "Bearer eyJ.secret\n" }),
    new AggregateError([Object.assign(new Error("y"), { code: "ETIMEDOUT" })], "z"),
    hostile,
  ].entries()) {
    const verifyCredentials = async () => {
      throw new ConnectError("secret", Code.Unavailable, undefined, undefined, cause);
    };
    const interceptor = createAuthInterceptor({ verifyCredentials });
    expect(await tryIt(interceptor, as(`t${i}`))).toEqual(unavailable);
  }
  expect(lines()).toHaveLength(3);
  expect(lines().join()).not.toContain("secret");
  expect(lines()[1]).toContain("ETIMEDOUT");
});

test("nothing is said about callers whose credentials are bad", async () => {
  const interceptor = createAuthInterceptor({
    verifyCredentials: async () => {
      throw new InvalidCredentialError("no");
    },
  });
  for (let i = 0; i < 3; i++) expect((await tryIt(interceptor, as(`t${i}`))).code).toBe("Unauthenticated");
  expect((await tryIt(interceptor)).code).toBe("Unauthenticated");
  expect(lines()).toEqual([]);
});
