import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startConsentProvider, type ConsentProvider } from "../servers/consent-provider.js";
import { McpClient } from "./mcp-client.js";
import { startMcpServer, type McpServer } from "./mcp-server.js";

describe("x", () => {
  let provider: ConsentProvider;
  let server: McpServer;
  beforeAll(async () => {
    provider = await startConsentProvider("notes:read notes:write");
    server = await startMcpServer(provider.issuer);
  });
  afterAll(async () => {
    await Promise.all([provider?.stop(), server?.stop()]);
  });
  test("y", async () => {
    const ada = new McpClient(server.endpoint, provider.issuer, { name: "ada", allows: ["notes:read", "notes:write"] });
    try {
      await ada.connect();
      console.log(await ada.listTools());
      console.log(await ada.callTool("ListNotes"));
      console.log(await ada.callTool("AddNote", { text: "milk" }));
      console.log(await ada.callTool("ListNotes"));
    } finally {
      console.log(ada.exchanges, ada.visits.map(String));
    }
  });
});
