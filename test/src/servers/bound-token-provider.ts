import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { startHttpServer } from "./http-server.js";

/** A certified OpenID provider whose access tokens (RFC 9068) are bound to a key of the client. */
export interface BoundTokenProvider {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenEndpoint: string;
  /** A token that is bound to the key of a proof (RFC 9449 section 5). */
  issueForProof(client: string, proof: string): Promise<string>;
  /** A token that is bound to a certificate (RFC 8705 section 3). */
  issueForCertificate(client: string, pem: string): Promise<string>;
  /** A token that is bound to nothing. */
  issueUnbound(client: string): Promise<string>;
  stop(): Promise<void>;
}

const secret = "secret".repeat(8);
export const audience = "lab";

/** @param clients - each gets a twin whose tokens are bound to its certificate. */
export async function startBoundTokenProvider(clients: readonly string[]): Promise<BoundTokenProvider> {
  const server = await startHttpServer((_, response) => response.end());
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const provider = new Provider(server.url, {
    clients: clients.flatMap((client_id) => [
      registration(client_id),
      { ...registration(`${client_id}-tls`), tls_client_certificate_bound_access_tokens: true },
    ]),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "key", alg: "ES256", use: "sig" }] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        // A proxy that ends TLS would tell it so.
        getCertificate: (context: { get(name: string): string }) =>
          Buffer.from(context.get("x-client-certificate"), "base64").toString(),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:lab",
        getResourceServerInfo: () => ({
          scope: "lab:read",
          audience,
          accessTokenTTL: 600,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  server.listener = provider.callback();
  const tokenEndpoint = `${server.url}/token`;

  async function issue(client: string, headers: Record<string, string>): Promise<string> {
    const response = await fetch(tokenEndpoint, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString("base64")}`, ...headers },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "lab:read" }),
    });
    const answer = (await response.json()) as { access_token?: string };
    if (answer.access_token === undefined) throw new Error(`no token for ${client}: ${JSON.stringify(answer)}`);
    return answer.access_token;
  }

  return {
    issuer: server.url,
    jwksUri: `${server.url}/jwks`,
    tokenEndpoint,
    issueForProof: (client, proof) => issue(client, { dpop: proof }),
    issueForCertificate: (client, pem) =>
      issue(`${client}-tls`, { "x-client-certificate": Buffer.from(pem).toString("base64") }),
    issueUnbound: (client) => issue(client, {}),
    stop: server.stop,
  };
}

function registration(client_id: string): object {
  return {
    client_id,
    client_secret: secret,
    id_token_signed_response_alg: "ES256",
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  };
}
