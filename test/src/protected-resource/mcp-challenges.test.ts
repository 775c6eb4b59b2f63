import { createAuth, jwt } from "@connectum/auth";
import { dpop } from "@connectum/auth/jwt";
import { createTestJwt, TEST_JWT_SECRET } from "@connectum/auth/testing";
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccessServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { type Lab, startLab } from "../support/lab.js";

const url = "https://api.example.com/lab";
const proofs = [dpop({ baseUrl: url })];

describe.each<{ name: string; options: object }>([
  { name: "bearer tokens", options: {} },
  { name: "bearer tokens beside those for DPoP", options: { proofs, allowUnboundTokens: true } },
])("the client of the MCP SDK reads the challenge of a server that takes $name", ({ options }) => {
  let lab: Lab;
  beforeAll(async () => {
    const auth = createAuth({
      policies: [AccessServicePolicy],
      authenticate: jwt({ secret: TEST_JWT_SECRET, audience: "lab", ...options }),
      protectedResource: { url, authorizationServers: ["https://login.example.com"] },
    });
    lab = await startLab(auth);
  });
  afterAll(() => lab.close());

  test.each<{ name: string; token?: () => Promise<string>; status: number; error?: string }>([
    { name: "no token", status: 401 },
    { name: "a bad token", token: async () => "x", status: 401, error: "invalid_token" },
    {
      name: "a token without the scope",
      token: () => createTestJwt({ sub: "ada", aud: "lab", scope: "lab:read" }),
      status: 403,
      error: "insufficient_scope",
    },
    {
      name: "a token with the scope",
      token: () => createTestJwt({ sub: "ada", aud: "lab", scope: "lab:read lab:write" }),
      status: 200,
    },
  ])("$name", async ({ token, status, error }) => {
    const response = await fetch(`${lab.http1Url}/lab.v1.AccessService/Scope`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${await token()}` }) },
      body: "{}",
    });
    expect(response.status).toBe(status);
    const resourceMetadataUrl = new URL("https://api.example.com/.well-known/oauth-protected-resource/lab");
    const challenge = { resourceMetadataUrl, scope: "lab:read lab:write", error };
    expect(extractWWWAuthenticateParams(response)).toEqual(status === 200 ? {} : challenge);
  });
});
