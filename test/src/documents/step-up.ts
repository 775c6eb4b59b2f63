import { createClient, createRouterTransport } from "@connectrpc/connect";
import type { Auth } from "@connectum/auth";
import { startTestKeySet, type TestKeySet } from "@connectum/auth/testing";
import { expect } from "vitest";
import { outcome as detailed } from "../support/call.js";
import { once } from "./once.js";
import { pageProject } from "./page-project.js";
import type { Runs } from "./runs.js";

/** What snippets import, and readers have of their own. */
const stubs = {
  "src/api-keys.ts": `
export const apiKeys = { find: async (key: string) => (key === "key-1" ? { subject: "ada" } : undefined) };
`,
  "src/parts.ts": `export { AccountService } from "./gen/accounts/v1/accounts_pb.js";`,
};

let keySet: TestKeySet | undefined;

/** The project of the page, compiled. */
const accounts = pageProject("docs/step-up.md", stubs);

export async function removeAccounts(): Promise<void> {
  await keySet?.close();
  (await accounts()).remove();
}

type Service = import("@bufbuild/protobuf").DescService;
type Method = "getAccount" | "changeEmail" | "createApiKey";

/** Calls the server of the page. Returns what the client receives. */
const caller = once(async () => {
  keySet = await startTestKeySet();
  process.env["JWKS_URI"] = keySet.jwksUri;
  const project = await accounts();
  const { auth } = await project.import<{ auth: Auth }>("dist/accounts.js");
  const { AccountService } = await project.import<{ AccountService: Service }>("dist/parts.js");
  const handlers = Object.fromEntries(AccountService.methods.map(({ localName }) => [localName, () => ({})]));
  const transport = createRouterTransport((router) => void router.service(AccountService, handlers as never), {
    router: auth,
  });
  const client = createClient(AccountService, transport) as unknown as Readonly<
    Record<Method, (request: object, options: object) => Promise<object>>
  >;
  return async (method: Method, headers: HeadersInit) =>
    detailed(client[method]({}, { headers }).then(() => "answered"));
});

async function token(claims: object = {}): Promise<Record<string, string>> {
  await caller();
  const all = { sub: "ada", iss: "https://login.example.com", aud: "accounts", ...claims };
  return { authorization: `Bearer ${await keySet?.sign(all)}` };
}

const ago = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;
const answered = { code: "ok", text: "answered" };
const apiKey = { "x-api-key": "key-1" };

export const stepUp: Runs = {
  async "proto/accounts/v1/accounts.proto"() {
    const project = await accounts();
    const { AccountServicePolicy } = await project.import<Record<string, { readonly methods: object }>>(
      "dist/gen/accounts/v1/accounts_auth.js",
    );
    const row = { access: "requires", roles: [], scopes: [] };
    expect(AccountServicePolicy?.methods).toEqual({
      GetAccount: row,
      ChangeEmail: { ...row, acr: ["phr", "phrh"], maxAgeSeconds: 300 },
      CreateApiKey: { ...row, credentials: ["jwt"] },
    });
  },

  async "src/accounts.ts"() {
    const call = await caller();
    for (const headers of [apiKey, await token()]) expect(await call("getAccount", headers)).toMatchObject(answered);
    expect(await call("createApiKey", await token())).toMatchObject(answered);
    expect(await call("createApiKey", apiKey)).toMatchObject({ code: "Unauthenticated", text: "Missing credentials" });
    expect(await call("getAccount", {})).toMatchObject({ code: "Unauthenticated", text: "Missing credentials" });
    const strong = await token({ acr: "phrh", auth_time: ago(10) });
    expect(await call("changeEmail", strong)).toMatchObject(answered);
  },

  async challenge(text) {
    const call = await caller();
    const refused = { code: "Unauthenticated", text: "Insufficient authentication", challenge: text.trim() };
    const cases = [{}, { acr: "pwd", auth_time: ago(10) }, { acr: "phr", auth_time: ago(400) }, { acr: "phr" }];
    for (const claims of cases) expect(await call("changeEmail", await token(claims))).toEqual(refused);
    expect(await call("changeEmail", await token({ acr: "phr", auth_time: ago(200) }))).toMatchObject(answered);
  },
};
