import type { ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { startHttpServer } from "./http-server.js";

/** How the introspection endpoint fails. A number is an HTTP status. */
export type EndpointBehaviour = "well" | "hanging" | "dripping" | "huge" | "html" | "garbage" | "redirect" | number;

/** A certified provider of opaque tokens, whose introspection endpoint can fail. */
export interface TokenProvider {
  readonly issuer: string;
  /** Requests that arrived at the introspection endpoint, and those at any address. */
  readonly introspections: number;
  readonly requests: readonly string[];
  /** Bodies of the requests at the introspection endpoint. */
  readonly bodies: readonly string[];
  /** A token of a client for itself (client credentials). It has no subject. @param proof - DPoP: of the key to bind it to. */
  issueClientToken(proof?: string): Promise<string>;
  /** A token of a user. @param members - more members of the description. */
  issueUserToken(
    subject: string,
    members?: Record<string, unknown>,
    model?: "AccessToken" | "RefreshToken",
  ): Promise<string>;
  /** Revokes a token (RFC 7009). */
  revoke(token: string): Promise<void>;
  /** @param change - replaces the description of a token. */
  behave(how: EndpointBehaviour, change?: (description: Record<string, unknown>) => unknown): void;
  takeDown(): Promise<void>;
  bringUp(): Promise<void>;
  stop(): Promise<void>;
}

export const clientId = "shop-api";
export const clientSecret = "secret:/%+ ".repeat(8);
export const audience = "urn:lab";

/** @param clients - more clients: `client_id` and how it authenticates. */
export async function startTokenProvider(clients: readonly object[] = []): Promise<TokenProvider> {
  const server = await startHttpServer((_, response) => response.end());
  let behaviour: EndpointBehaviour = "well";
  let change: ((description: Record<string, unknown>) => unknown) | undefined;
  const requests: string[] = [];
  const bodies: string[] = [];
  const provider = await createProvider(server.url, clients);
  const answer = provider.callback();

  server.listener = (request, response) => {
    response.on("error", () => {});
    requests.push(request.url ?? "");
    if (request.url !== "/token/introspection") return answer(request, response);
    if (behaviour !== "well") return misbehave(behaviour, response);
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => bodies.push(Buffer.concat(parts).toString()));
    if (change !== undefined) changeAnswer(response, change);
    answer(request, response);
  };

  async function post(
    path: string,
    body: Record<string, string>,
    headers = {},
  ): Promise<{ readonly access_token?: string }> {
    const basic = [clientId, clientSecret].map((part) => encodeURIComponent(part)).join(":");
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(basic).toString("base64")}`, ...headers },
      body: new URLSearchParams(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  }

  return {
    issuer: server.url,
    get introspections() {
      return requests.filter((url) => url === "/token/introspection").length;
    },
    requests,
    bodies,
    async issueClientToken(proof) {
      const body = { grant_type: "client_credentials", scope: "lab:read" };
      const { access_token } = await post("/token", body, proof === undefined ? {} : { dpop: proof });
      return access_token as string;
    },
    async issueUserToken(accountId, members = {}, model = "AccessToken") {
      const client = await provider.Client.find(clientId);
      const grant = new provider.Grant({ accountId, clientId });
      const token = new provider[model]({
        accountId,
        client,
        grantId: await grant.save(),
        scope: "lab:read",
        gty: "password",
      });
      if (model === "AccessToken") Object.assign(token, { aud: audience });
      Object.assign(token, members);
      return token.save();
    },
    async revoke(token) {
      await post("/token/revocation", { token });
    },
    behave(how, changed) {
      behaviour = how;
      change = changed;
    },
    takeDown: server.stop,
    bringUp: server.restart,
    stop: server.stop,
  };
}

function misbehave(how: Exclude<EndpointBehaviour, "well">, response: ServerResponse): void {
  if (how === "hanging") return;
  if (how === "redirect") {
    response.writeHead(307, { location: "/elsewhere" }).end();
    return;
  }
  if (how === "html") {
    response.writeHead(200, { "content-type": "text/html" }).end('{"active":true,"sub":"ada","token_type":"Bearer"}');
    return;
  }
  if (typeof how === "number") {
    response.writeHead(how, { "content-type": "application/json" }).end('{"error":"invalid_client"}');
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  if (how === "garbage") response.end("\ufffd");
  else if (how === "huge")
    response.end(`{"active":true,"sub":"ada","token_type":"Bearer","x":"${"x".repeat(1_000_000)}"}`);
  else {
    // The first byte, and another one whenever the test's clock moves: until the reader leaves.
    const timer = setInterval(() => response.write(" "), 10);
    response.on("close", () => clearInterval(timer));
    response.write("{");
  }
}

/** Replaces the JSON that the provider sends. */
function changeAnswer(response: ServerResponse, change: (description: Record<string, unknown>) => unknown): void {
  const end = response.end.bind(response);
  response.end = ((text: string) => {
    const changed = change(JSON.parse(String(text)));
    const body = typeof changed === "string" ? changed : JSON.stringify(changed);
    response.setHeader("content-length", Buffer.byteLength(body));
    return end(body);
  }) as typeof response.end;
}

async function createProvider(issuer: string, clients: readonly object[]): Promise<Provider> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const shared = {
    id_token_signed_response_alg: "ES256",
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  };
  return new Provider(issuer, {
    clients: [
      { ...shared, client_id: clientId, client_secret: clientSecret },
      ...clients.map((one) => ({ ...shared, ...one })),
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "1", alg: "ES256", use: "sig" }] },
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: "lab:read lab:write",
          audience,
          accessTokenTTL: 300,
          accessTokenFormat: "opaque",
        }),
      },
    },
    extraTokenClaims: (_: unknown, token: { readonly clientId: string }) => ({ tenant: `of ${token.clientId}` }),
  });
}
