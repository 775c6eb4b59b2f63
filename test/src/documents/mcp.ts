import * as http from "node:http";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Auth } from "@connectum/auth";
import { startTestKeySet } from "@connectum/auth/testing";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { expect } from "vitest";
import { once } from "./once.js";
import { pageProject } from "./page-project.js";
import type { Runs } from "./runs.js";
import { listen } from "./shop.js";

/** What the snippet imports, and readers have of their own. */
const implementation = `
import { requireAuthContext } from "@connectum/auth";
import type { ServiceImpl } from "@connectrpc/connect";
import type { NoteService } from "./gen/notes/v1/notes_pb.js";

const texts: string[] = [];
export const notes: ServiceImpl<typeof NoteService> = {
  listNotes: () => ({ notes: texts }),
  addNote({ text }, context) {
    texts.push(requireAuthContext(context).subject + ": " + text);
    return {};
  },
};
`;

/** The project of the page, compiled. */
const agents = pageProject("docs/mcp.md", { "src/notes.ts": implementation });

const login = once(() => startTestKeySet());

export async function removeAgents(): Promise<void> {
  (await agents()).remove();
  await (await login()).close();
}

async function authOf(): Promise<Auth> {
  process.env["JWKS_URI"] = (await login()).jwksUri;
  return (await (await agents()).import<{ auth: Auth }>("dist/auth.js")).auth;
}

/** The challenge of the refused call. */
let challenge: string | null = null;

async function callTools(): Promise<void> {
  const auth = await authOf();
  const { sign } = await login();
  const { routes } = await (await agents()).import<{ routes(router: ConnectRouter): void }>("dist/mcp.js");
  const server = http.createServer(connectNodeAdapter({ ...auth, routes }));
  const endpoint = new URL(`${await listen(server)}/notes.v1.McpService/Handle`);
  const claims = { sub: "ada", iss: "https://login.example.com", aud: "https://api.example.com" };
  async function connect(scope: string): Promise<Client> {
    const authorization = `Bearer ${await sign({ ...claims, scope }, { header: { typ: "at+jwt" } })}`;
    const look = async (url: URL | string, init?: RequestInit) => {
      const response = await fetch(url, init);
      challenge = response.headers.get("www-authenticate");
      return response;
    };
    const transport = new StreamableHTTPClientTransport(endpoint, {
      requestInit: { headers: { authorization } },
      fetch: look,
    });
    const client = new Client({ name: "agent", version: "1.0.0" });
    await client.connect(transport as Transport);
    return client;
  }
  const add = { name: "AddNote", arguments: { text: "milk" } };
  try {
    const writer = await connect("notes:read notes:write");
    expect((await writer.listTools()).tools.map(({ name }) => name)).toEqual(["ListNotes", "AddNote"]);
    expect(await writer.callTool(add)).toMatchObject({ content: [{ text: "{}" }], isError: false });
    const wrong = { ...add, arguments: { text: 1 } };
    expect(await writer.callTool(wrong)).toMatchObject({ isError: true });
    await expect(writer.callTool({ name: "__proto__" })).rejects.toThrow("Not found");
    await expect(connect("notes:write")).rejects.toThrow("permission_denied");
    expect((await fetch(endpoint)).status).toBe(405);
    const reader = await connect("notes:read");
    const list = await reader.callTool({ name: "ListNotes" });
    expect(list).toMatchObject({ content: [{ text: '{"notes":["ada: milk"]}' }] });
    await expect(reader.callTool(add)).rejects.toThrow("permission_denied");
    await Promise.all([writer.close(), reader.close()]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** docs/mcp.md, a project of its own. */
export const mcp: Runs = {
  async "proto/notes/v1/notes.proto"() {
    expect((await agents()).read("src/gen/notes/v1/notes_auth.ts")).toContain("export const McpServicePolicy");
  },
  async "src/auth.ts"() {
    const { wellKnown } = await authOf();
    const metadata = wellKnown(new Request("https://api.example.com/.well-known/oauth-protected-resource"));
    expect(await metadata?.json()).toMatchObject({ scopes_supported: ["notes:read", "notes:write"] });
  },
  "src/mcp.ts": callTools,
  async "mcp answer"(text) {
    expect(challenge).toBe(text.trim());
  },
};
