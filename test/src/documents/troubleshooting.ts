import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConnectError, cors } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { DecisionEvent } from "@connectum/auth";
import { expect, vi } from "vitest";
import { root } from "../published/run.js";
import { by, issuers } from "./authentication.js";
import { deniedMistakes } from "./denied-mistakes.js";
import { jwtWith, type Mistake } from "./mistake.js";
import { once } from "./once.js";
import { productionMistakes } from "./production-mistakes.js";
import type { Runs } from "./runs.js";
import { clientOf, outcome, parts, serve, shop, snippet, type Wiring } from "./shop.js";
import { unauthenticatedMistakes } from "./unauthenticated-mistakes.js";

const mistakes = { ...unauthenticatedMistakes, ...deniedMistakes, ...productionMistakes };

/** The snippet, which reads the environment when it is loaded. */
const explanation = once(async () => {
  process.env["JWKS_URI"] = (await issuers()).login.jwksUri;
  return snippet<{ auth: Wiring; explain(event: DecisionEvent): string }>("src/explain.ts");
});

/** Makes a call to a server, and returns what its client and its operator see. */
async function symptomOf(mistake: Omit<Mistake, "fix">): Promise<string> {
  const { explain } = await explanation();
  const explained: string[] = [];
  const warnings: string[] = [];
  const spy = vi.spyOn(console, "warn").mockImplementation((line) => void warnings.push(`warning: ${line}`));
  try {
    const wiring = await mistake.wiring((event) => void explained.push(`server: ${explain(event)}`));
    const server = await serve(wiring, mistake.handlers, undefined, mistake.own?.(wiring));
    const proxy = await mistake.proxy?.(server.http1Url);
    try {
      const baseUrl = proxy?.url ?? server.http1Url;
      const interceptors = mistake.client ?? [];
      const client = await clientOf(createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors }));
      const headers = await (mistake.headers ?? (() => by({})))();
      const answer = await (async () =>
        client[mistake.method ?? "getOrder"](mistake.request ?? {}, { headers }))().then(
        () => "client: ok",
        (error) => `client: ${ConnectError.from(error).message}`,
      );
      return [answer, ...explained, ...warnings].join("\n");
    } finally {
      server.close();
      await proxy?.stop();
    }
  } finally {
    spy.mockRestore();
  }
}

/** Makes the mistakes of a block, compares every line, and mends them. */
async function expectSymptom(name: string, text: string): Promise<void> {
  const { login } = await issuers();
  const list = mistakes[name] ?? [];
  expect(list.length).toBeGreaterThan(0);
  try {
    for (const { fix, ...mistake } of list) {
      const seen = await symptomOf(mistake);
      expect(seen.replaceAll(new URL(login.jwksUri).origin, "https://login.example.com")).toBe(text.trim());
      expect(await symptomOf({ ...mistake, ...fix })).toBe("client: ok");
    }
  } finally {
    login.fail(undefined);
  }
}

/** What creation throws. */
async function errorAtCreation(options: object): Promise<string> {
  return jwtWith(options)(() => {}).then(() => "none", String);
}

export const troubleshooting: Runs = {
  ...Object.fromEntries(Object.keys(mistakes).map((name) => [name, (text: string) => expectSymptom(name, text)])),

  async "own chain without gate"(text) {
    await expectSymptom("own chain without gate", text);
    // A handler that reads no identity answers everybody.
    for (const { fix: _, handlers: __, ...mistake } of unauthenticatedMistakes["own chain without gate"] ?? []) {
      expect(await symptomOf({ ...mistake, headers: async () => ({}) })).toBe("client: ok");
    }
  },

  async "src/explain.ts"() {
    const { auth } = await explanation();
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const server = await serve(auth);
      const client = await clientOf(createConnectTransport({ baseUrl: server.http1Url, httpVersion: "1.1" }));
      expect(await outcome(server, client.getOrder({}, { headers: await by({}) }))).toBe("ada");
      await expect((async () => client.getOrder({}, {}))()).rejects.toThrow();
      server.close();
      expect(logged.mock.calls).toEqual([["GetOrder refused by authentication: unauthenticated"]]);
    } finally {
      logged.mockRestore();
    }
  },

  // `test/src/system/cors.test.ts` reads the line in a browser.
  async cors(text) {
    expect(text).toContain("authorization is not allowed by Access-Control-Allow-Headers");
    expect(cors.allowedHeaders.map((name) => name.toLowerCase())).not.toContain("authorization");
  },

  async environment(text) {
    expect(await errorAtCreation({ jwksUri: undefined })).toBe(text.trim());
    for (const option of ["jwksUri", "issuer", "audience"]) {
      expect(await errorAtCreation({ [option]: "" })).toMatch(
        new RegExp(`^TypeError: ${option}: .*is an environment variable missing\\?$`),
      );
    }
    expect(await errorAtCreation({})).toBe("none");
  },

  async "plain http"(text) {
    expect(await errorAtCreation({ jwksUri: "http://login:8080/jwks.json" })).toBe(text.trim());
    expect(await errorAtCreation({ jwksUri: "http://127.0.0.1:8080/jwks.json" })).toBe("none");
    expect(await errorAtCreation({ jwksUri: "http://login:8080/jwks.json", allowInsecureHttp: true })).toBe("none");
  },

  async "two copies"(text) {
    const listed = await (await shop()).tryRun(text);
    expect(listed.output.match(/@connectum\/auth@/g)).toHaveLength(1);

    const folder = await mkdtemp(join(tmpdir(), "connectum-copy-"));
    try {
      for (const part of ["dist", "src", "package.json"]) {
        await cp(join(root, "runtime", part), join(folder, part), { recursive: true });
      }
      await symlink(join(root, "node_modules"), join(folder, "node_modules"));
      const second = await import(/* @vite-ignore */ pathToFileURL(join(folder, "dist/index.js")).href);
      const { runtime, policies } = await parts();
      const errors: unknown[] = [];
      // Caught by an interceptor, as an error handler does it.
      const { interceptors } = second.createAuth({
        policies,
        authenticate: runtime.credentials({ verifyCredentials: (subject) => ({ subject }) }),
      });
      const look: (typeof interceptors)[number] = (next: (req: unknown) => Promise<unknown>) => (req: unknown) =>
        next(req).catch((error) => {
          errors.push(error);
          throw error;
        });
      const server = await serve({ interceptors: [look, ...interceptors] });
      const client = await clientOf(createConnectTransport({ baseUrl: server.http1Url, httpVersion: "1.1" }));
      const headers = { authorization: "Bearer ada" };
      expect(await outcome(server, client.getOrder({}, { headers }))).toBe("ada");
      await expect((async () => client.cancelOrder({}, { headers }))()).rejects.toThrow("Access denied");
      server.close();
      expect(errors[0] instanceof second.AuthzDeniedError).toBe(true);
      expect(errors[0] instanceof runtime.AuthzDeniedError).toBe(false);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
