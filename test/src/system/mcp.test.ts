import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { McpServicePolicy, NoteServicePolicy } from "../gen/mcp/v1/mcp_auth.js";
import { type ConsentProvider, startConsentProvider } from "../servers/consent-provider.js";
import { McpClient } from "./mcp-client.js";
import { type McpServer, startMcpServer } from "./mcp-server.js";

const read = "notes:read";
const both = "notes:read notes:write";

describe("the client of the MCP SDK", () => {
  let provider: ConsentProvider;
  let server: McpServer;
  let metadata: string;
  beforeAll(async () => {
    provider = await startConsentProvider(both);
    server = await startMcpServer(provider.issuer);
    metadata = new URL("/.well-known/oauth-protected-resource/api", server.endpoint).href;
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), provider?.stop()]);
  });

  const clientOf = (name: string, scope: string, to = server) =>
    new McpClient(to.endpoint, provider.issuer, { name, allows: scope.split(" ") });
  const missing = (scope: string) => `Bearer resource_metadata="${metadata}", scope="${scope}"`;
  const insufficient = (scope: string) => missing(scope).replace("Bearer ", 'Bearer error="insufficient_scope", ');
  const ok = (request: string, scope?: string) => ({ request, status: 200, challenge: null, scope });
  /** The requests between a challenge and its token: metadata before and after the browser's visit, and the exchange of the code. */
  const authorization = () => {
    const discovery = [ok(metadata), ok(`${provider.issuer}/.well-known/oauth-authorization-server`)];
    return [...discovery, ...discovery, ok(`${provider.issuer}/token`)];
  };
  const visit = (scope: string) => ({
    origin: provider.issuer,
    parameters: expect.objectContaining({ scope, resource: server.resource, code_challenge_method: "S256" }),
  });
  const visitsOf = ({ visits }: McpClient) =>
    visits.map(({ origin, searchParams }) => ({ origin, parameters: Object.fromEntries(searchParams) }));

  test("discovers, authorizes, steps up its scope, and succeeds", async () => {
    const ada = clientOf("ada", both);
    await ada.connect();
    expect(await ada.listTools()).toEqual(["ListNotes", "AddNote"]);
    expect(await ada.callTool("ListNotes")).toContain("grace: eggs");
    expect(await ada.callTool("AddNote", { text: "milk" })).toBe('{"author":"ada"}');
    expect(await ada.callTool("ListNotes")).toContain("ada: milk");
    expect(ada.exchanges).toEqual([
      { ...ok("initialize"), status: 401, challenge: missing(read) },
      ...authorization(),
      ok("initialize", read),
      ok("notifications/initialized", read),
      ok("tools/list", read),
      ok("tools/call ListNotes", read),
      { ...ok("tools/call AddNote", read), status: 403, challenge: insufficient(both) },
      ...authorization(),
      ok("tools/call AddNote", both),
      ok("tools/call ListNotes", both),
    ]);
    expect(visitsOf(ada)).toEqual([visit(read), visit(both)]);
    await ada.close();
  });

  test("stays refused while its user does not let it have the scope", async () => {
    const bob = clientOf("bob", read);
    await bob.connect();
    const before = [...server.notes];
    await expect(bob.callTool("AddNote", { text: "beer" })).rejects.toThrow("403 after trying upscoping");
    expect(server.notes).toEqual(before);
    expect(await bob.callTool("ListNotes")).toContain("grace: eggs");
    const refused = { ...ok("tools/call AddNote", read), status: 403, challenge: insufficient(both) };
    expect(bob.exchanges.slice(6)).toEqual([
      ok("initialize", read),
      ok("notifications/initialized", read),
      refused,
      ...authorization(),
      refused,
      ok("tools/call ListNotes", read),
    ]);
    expect(visitsOf(bob)).toEqual([visit(read), visit(both)]);
    await bob.close();
  });

  test("is not let in by a user who lets it have nothing", async () => {
    const eve = clientOf("eve", "");
    await expect(eve.connect()).rejects.toThrow("error=access_denied");
    expect([eve.tokens(), eve.exchanges.at(-1)]).toEqual([undefined, authorization()[1]]);
  });

  test("authorizes again after its token was revoked", async () => {
    const ada = clientOf("ada", both);
    await ada.connect();
    await server.revoke({ credential: ada.tokens()?.access_token ?? "" });
    expect(await ada.callTool("ListNotes")).toContain("grace: eggs");
    const challenge = missing(read).replace("Bearer ", 'Bearer error="invalid_token", ');
    expect(ada.exchanges.slice(8)).toEqual([
      { ...ok("tools/call ListNotes", read), status: 401, challenge },
      ...authorization(),
      ok("tools/call ListNotes", read),
    ]);
    await ada.close();
  });

  test("with the token of another server is refused, though user and issuer are the same", async () => {
    const other = await startMcpServer(provider.issuer);
    try {
      const elsewhere = clientOf("ada", both, other);
      await elsewhere.connect();
      await elsewhere.close();
      const initialize = (url: URL) => post(String(url), elsewhere, { method: "initialize", id: 1 });
      expect(await initialize(other.endpoint)).toMatchObject({ status: 200 });
      expect(await initialize(server.endpoint)).toMatchObject({ status: 401 });
    } finally {
      await other.stop();
    }
  });

  test("loses the endpoint's scope at a tool whose row does not repeat it, and is refused", async () => {
    const AddNote = { access: "requires", roles: [], scopes: ["notes:write"] } as const;
    const methods = { ...NoteServicePolicy.methods, AddNote };
    const careless = await startMcpServer(provider.issuer, [McpServicePolicy, { ...NoteServicePolicy, methods }]);
    try {
      const ada = clientOf("ada", both, careless);
      await ada.connect();
      await expect(ada.callTool("AddNote", { text: "milk" })).rejects.toThrow("Unauthorized");
      expect(ada.exchanges.filter(({ status }) => status === 403).map(({ scope }) => scope)).toEqual([
        read,
        "notes:write",
      ]);
      expect(careless.notes).toEqual(["grace: eggs"]);
      await ada.close();
    } finally {
      await careless.stop();
    }
  });

  describe("beside it, a caller with a token for reading, and one with a token for writing", () => {
    let reader: McpClient;
    let writer: McpClient;
    beforeAll(async () => {
      [reader, writer] = [clientOf("rob", both), clientOf("wanda", both)];
      await Promise.all([reader.connect(), writer.connect()]);
      await writer.callTool("AddNote", { text: "first" });
    });
    afterAll(() => Promise.all([reader?.close(), writer?.close()]));

    const params = { name: "AddNote", arguments: { text: "x" } };
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    const denied = { status: 403, challenge: expect.stringContaining(`scope="${both}"`) };
    const added = { status: 200, challenge: null, body: { id: 1, result: { isError: false } } };
    const unknown = { status: 200, body: { result: { content: [{ text: "No such tool" }], isError: true } } };
    const naming = (name: unknown) => ({ ...call, params: { ...params, name } });

    test.each<{ name: string; body: unknown; path?: string; read: object; write: object; adds: boolean }>([
      { name: "a call", body: call, read: denied, write: added, adds: true },
      {
        name: "a call by a text as identifier",
        body: { ...call, id: "a" },
        read: denied,
        write: { body: { id: "a" } },
        adds: true,
      },
      {
        name: "a call to the method of the tool itself",
        body: { text: "x" },
        path: "AddNote",
        read: denied,
        write: { status: 200, body: { author: "wanda" } },
        adds: true,
      },
      {
        name: "another credential among the arguments",
        body: { ...call, params: { ...params, _meta: { authorization: "Bearer x" } } },
        read: denied,
        write: added,
        adds: true,
      },
      { name: "a tool of no string", body: naming(["AddNote"]), read: unknown, write: unknown, adds: false },
      { name: "a name that every object has", body: naming("__proto__"), read: unknown, write: unknown, adds: false },
      { name: "the endpoint as its own tool", body: naming("Handle"), read: unknown, write: unknown, adds: false },
      {
        name: "a notification, which no tool answers",
        body: { ...call, id: undefined },
        read: { status: 200, body: {} },
        write: { status: 200, body: {} },
        adds: false,
      },
      { name: "a batch", body: [call], read: { status: 400 }, write: { status: 400 }, adds: false },
      {
        name: "another method",
        body: { ...call, method: "tools/run" },
        read: { status: 200, body: { error: { code: -32601 } } },
        write: { status: 200, body: { error: { code: -32601 } } },
        adds: false,
      },
    ])("$name", async ({ body, path, read, write, adds }) => {
      const url = path === undefined ? String(server.endpoint) : server.toolUrl(path);
      const before = server.notes.length;
      expect(await post(url, reader, body)).toMatchObject(read);
      expect(server.notes.slice(before)).toEqual([]);
      expect(await post(url, writer, body)).toMatchObject(write);
      expect(server.notes.slice(before)).toEqual(adds ? ["wanda: x"] : []);
    });

    test("keep their own rights when they call at the same time", async () => {
      const before = server.notes.length;
      const callers = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? reader : writer));
      const answers = await Promise.all(callers.map((caller) => post(String(server.endpoint), caller, call)));
      expect(answers.map(({ status }) => status)).toEqual(callers.map((caller) => (caller === reader ? 403 : 200)));
      expect(server.notes.slice(before)).toEqual(Array(20).fill("wanda: x"));
    });
  });
});

/** Sends a body with the token of a client. */
async function post(url: string, client: McpClient, body: unknown) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${client.tokens()?.access_token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify(body),
  });
  const challenge = response.headers.get("www-authenticate");
  return { status: response.status, challenge, body: await response.json() };
}
