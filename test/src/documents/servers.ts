import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { startTestKeySet } from "@connectum/auth/testing";
import { expect } from "vitest";
import { once } from "./once.js";
import { startProgram } from "./program.js";
import type { Runs } from "./runs.js";
import { clientOf, shop, snippet } from "./shop.js";

const login = once(() => startTestKeySet());

export async function closeLogin(): Promise<void> {
  await (await login()).close();
}

/** A caller with a token is let in, and one without is not. */
async function callShop(transport: Transport): Promise<void> {
  const { getOrder } = await clientOf(transport);
  const token = await (await login()).sign({ sub: "ada", iss: "https://login.example.com", aud: "shop" });
  expect(await getOrder({}, { headers: { authorization: `Bearer ${token}` } })).toMatchObject({ id: "ada" });
  const refused = await (async () => getOrder({}, {}))().then(undefined, ConnectError.from);
  expect(refused).toMatchObject({ code: Code.Unauthenticated, rawMessage: "Missing credentials" });
}

/** Starts the program of a snippet, and calls it. */
async function callProgram(name: string, transportOf: (port: number) => Transport, env = {}): Promise<void> {
  const { jwksUri } = await login();
  const server = await startProgram(await shop(), `dist/servers/${name}.js`, { JWKS_URI: jwksUri, ...env });
  try {
    await callShop(transportOf(server.port));
  } finally {
    await server.stop();
  }
}

const overHttp1 = (port: number) => createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" });

/** Writes an authority, and certificates for a server and for a client. */
function createCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2");
  for (const name of ["server", "client"]) {
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, ...subject);
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...signer, "-out", `${name}.pem`, "-days", "2");
  }
}

/** docs/servers.md, in the project of the shop. */
export const servers: Runs = {
  "src/servers/shop.ts": async () => {
    const { jwksUri } = await login();
    process.env["JWKS_URI"] = jwksUri;
    expect(Object.keys(await snippet("src/servers/shop.ts"))).toEqual(["auth", "routes"]);
  },
  "src/servers/http2.ts": () =>
    callProgram("http2", (port) => createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` })),
  async "src/servers/tls.ts"() {
    const folder = mkdtempSync(join(tmpdir(), "connectum-certificates-"));
    try {
      createCertificates(folder);
      const file = (name: string) => join(folder, name);
      const env = { TLS_KEY: file("server.key"), TLS_CERT: file("server.pem"), TLS_CA: file("ca.pem") };
      const ca = readFileSync(file("ca.pem"));
      const own = { key: readFileSync(file("client.key")), cert: readFileSync(file("client.pem")) };
      await callProgram(
        "tls",
        (port) => createGrpcTransport({ baseUrl: `https://127.0.0.1:${port}`, nodeOptions: { ca, ...own } }),
        env,
      );
      const stranger = callProgram(
        "tls",
        (port) => createGrpcTransport({ baseUrl: `https://127.0.0.1:${port}`, nodeOptions: { ca } }),
        env,
      );
      await expect(stranger).rejects.toThrow(/certificate required|ECONNRESET|unavailable|closed/i);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  // shop() runs the installation.
  fastify: async (text) => expect(text).toContain("npm install"),
  "src/servers/fastify.ts": () => callProgram("fastify", overHttp1),
  express: async (text) => expect(text).toContain("npm install"),
  "src/servers/express.ts": () => callProgram("express", overHttp1),
  async "src/servers/fetch.ts"() {
    const { jwksUri } = await login();
    process.env["JWKS_URI"] = jwksUri;
    const { handle } = await snippet<{ handle: (request: Request) => Promise<Response> }>("src/servers/fetch.ts");
    const { createConnectTransport } = await import("@connectrpc/connect-web");
    const fetch = (input: RequestInfo | URL, init?: RequestInit) => handle(new Request(input, init));
    await callShop(createConnectTransport({ baseUrl: "http://shop", fetch }));
    expect((await handle(new Request("http://shop/other"))).status).toBe(404);
  },
  async "src/servers/cors.ts"() {
    const { jwksUri } = await login();
    const server = await startProgram(await shop(), "dist/servers/cors.js", { JWKS_URI: jwksUri });
    try {
      const url = `http://127.0.0.1:${server.port}`;
      await callShop(createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
      const preflight = await fetch(`${url}/shop.v1.OrderService/GetOrder`, { method: "OPTIONS" });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get("access-control-allow-headers")).toMatch(/connect-protocol-version.*authorization/i);
      expect(preflight.headers.get("access-control-expose-headers")).toContain("www-authenticate");
    } finally {
      await server.stop();
    }
  },
};
