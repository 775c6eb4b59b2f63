import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider from "oidc-provider";
import { startHttpServer } from "./http-server.js";

/** A certified OpenID provider whose endpoints can fail, and whose key can change. */
export interface OpenIdProvider {
  readonly issuer: string;
  readonly jwksUri: string;
  /** Requests that arrived at the key endpoint. */
  readonly keyRequests: number;
  /** An access token (RFC 9068) whose subject is `client`, one of the clients. */
  issueToken(client: string): Promise<string>;
  /** Signs by a new key from now on. The key set names the last ten keys. */
  rotate(): Promise<void>;
  /** Closes the port of its endpoints. Tokens are issued all the same, as they would be by a second instance. */
  takeDown(): Promise<void>;
  bringUp(): Promise<void>;
  /** What the key endpoint does: answers, answers with status 503, accepts requests and says nothing. */
  behave(how: "well" | "failing" | "hanging"): void;
  stop(): Promise<void>;
}

const secret = "secret".repeat(8);
export const audience = "lab";

/** @param tokenLifetime - in seconds. */
export async function startOpenIdProvider(clients: readonly string[], tokenLifetime: number): Promise<OpenIdProvider> {
  const outside = await startHttpServer((_, response) => response.end());
  // Its other door: open while the endpoints are down.
  const inside = await startHttpServer((_, response) => response.end());
  let keys: JWK[] = [];
  let rotations = 0;
  let keyRequests = 0;
  let behaviour: "well" | "failing" | "hanging" = "well";

  async function rotate(): Promise<void> {
    keys = [await createKey(`key-${rotations++}`), ...keys].slice(0, 10);
    const answer = createProvider(outside.url, clients, tokenLifetime, keys).callback();
    inside.listener = answer;
    outside.listener = (request, response) => {
      if (request.url === "/jwks") {
        keyRequests++;
        if (behaviour === "hanging") return;
        if (behaviour === "failing") {
          response.statusCode = 503;
          response.end();
          return;
        }
      }
      answer(request, response);
    };
  }

  await rotate();
  return {
    issuer: outside.url,
    jwksUri: `${outside.url}/jwks`,
    get keyRequests() {
      return keyRequests;
    },
    async issueToken(client) {
      const response = await fetch(`${inside.url}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials", scope: "lab:read" }),
      });
      const answer = (await response.json()) as { access_token?: string };
      if (answer.access_token === undefined) throw new Error(`no token for ${client}: ${JSON.stringify(answer)}`);
      return answer.access_token;
    },
    rotate,
    takeDown: outside.stop,
    bringUp: outside.restart,
    behave(how) {
      behaviour = how;
    },
    async stop() {
      await Promise.all([outside.stop(), inside.stop()]);
    },
  };
}

async function createKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "ES256", use: "sig" };
}

function createProvider(issuer: string, clients: readonly string[], lifetime: number, keys: JWK[]): Provider {
  return new Provider(issuer, {
    clients: clients.map((client_id) => ({
      client_id,
      client_secret: secret,
      id_token_signed_response_alg: "ES256",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:lab",
        getResourceServerInfo: () => ({
          scope: "lab:read lab:write",
          audience,
          accessTokenTTL: lifetime,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
}
