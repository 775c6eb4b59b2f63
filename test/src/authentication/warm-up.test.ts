import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type AuthScheme, credentials, jwt } from "@connectum/auth";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startInstance } from "../store/instance.js";

let server: Server;
let url: string;
let requests = 0;
let isUp = true;
let token: string;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "a", alg: "ES256" }];
  token = await new SignJWT({ sub: "ada" })
    .setProtectedHeader({ alg: "ES256", kid: "a" })
    .setIssuer("i")
    .setAudience("lab")
    .setExpirationTime("5m")
    .sign(privateKey);
  server = createServer((_, response) => {
    requests++;
    response.statusCode = isUp ? 200 : 503;
    response.end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const options = { issuer: "i", audience: "lab" };

test("the key set is there before the first call, and fetched once", async () => {
  requests = 0;
  const { warmUp, call } = startInstance({ authenticate: jwt({ ...options, jwksUri: url }) });
  expect(requests).toBe(0);
  await Promise.all([warmUp(), warmUp()]);
  expect(requests).toBe(1);
  expect(await call(token)).toBe("ada");
  expect(requests).toBe(1);
});

test("every issuer is asked", async () => {
  requests = 0;
  const other = { issuer: "j", audience: "lab", jwksUri: `${url}/j` };
  const { warmUp } = startInstance({ authenticate: jwt({ issuers: [{ ...options, jwksUri: `${url}/i` }, other] }) });
  await warmUp();
  expect(requests).toBe(2);
});

test("a key set that cannot be had is an error, and had later", async () => {
  isUp = false;
  const { warmUp, call } = startInstance({ authenticate: jwt({ ...options, jwksUri: url, jwks: { cooldown: 20 } }) });
  await expect(warmUp()).rejects.toThrow(`key set unavailable: ${url}`);
  expect(await call(token)).toBe("Unavailable");
  isUp = true;
  await expect.poll(() => call(token)).toBe("ada");
  await warmUp();
});

test("without key sets there is nothing to do", async () => {
  requests = 0;
  await startInstance({ authenticate: credentials({ verifyCredentials: () => null }) }).warmUp();
  await startInstance({ authenticate: jwt({ ...options, secret: "s".repeat(32) }) }).warmUp();
  expect(requests).toBe(0);
});

test("schemes that fail at once and later are one failure", async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", listen);
  try {
    const scheme = credentials({ verifyCredentials: (subject) => ({ subject }), extractCredentials: () => null });
    const later = { ...scheme, warmUp: () => Promise.reject(new Error("later")) };
    const atOnce: AuthScheme = {
      ...scheme,
      read: () => undefined,
      warmUp() {
        throw new Error("at once");
      },
    };
    const { warmUp } = startInstance({ authenticate: [later, atOnce] });
    await expect(warmUp()).rejects.toThrow(/later|at once/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", listen);
  }
});
